// Processes whose parent has ended, and that this process has become the parent of.
#pragma once

#include <cstddef>
#include <cstdint>

#include "outcome.h"

namespace restart {

// Orphans among the descendants of this process become its children, as they do for PID 1 of a container.
Outcome BecomeSubreaper();

struct EndedChild {
  int32_t pid = 0;
  // Exit status, or the number of the signal, negative.
  int32_t status = 0;
};

// Takes the end of one child that is not `known`. False: none has ended, or one that is known comes first,
// whose end somebody else takes; then this must be called again after that.
bool ReapOrphan(const int32_t* known, size_t count, EndedChild* ended);

// Whether there is any child, running or ended.
bool HasChildren();

}  // namespace restart
