// Descriptors as such, whatever they stand for. All that these calls make is close-on-exec from birth.
#pragma once

#include "outcome.h"

namespace restart {

// Never repeated after EINTR: Linux has closed the number by then, and another thread may have it already.
Outcome CloseDescriptor(int fd);

// At least 3, so that a copy never becomes stdio.
Outcome Duplicate(int fd);

// `target` survives exec, also if both are one.
Outcome Replace(int source, int target);

Outcome SetCloseOnExec(int fd, bool on);

struct DescriptorLimit {
  // Infinite limits are that of double.
  double soft = 0;
  double hard = 0;
  int open = 0;
};

Outcome ReadDescriptorLimit(DescriptorLimit* limit);

// Makes the process's table large enough for descriptors below `count`. The kernel doubles it when a
// descriptor does not fit, and in a process with threads it waits for an RCU grace period each time
// (fs/file.c, expand_fdtable): asking once for a high number has the waits now.
Outcome GrowDescriptorTable(int count);

// Takes an exclusive lock on `path`, made if it is absent, with mode 0600. EAGAIN: somebody else has it.
// Closing the descriptor unlocks; who removes the file removes it before that.
Outcome LockFile(const char* path);

}  // namespace restart
