// Files in memory, without a name: they live as long as somebody has a descriptor of them.
#pragma once

#include <cstddef>

#include "outcome.h"

namespace restart {

// memfd_create, close-on-exec, sealable, with its pages allocated.
Outcome MemoryFile(const char* name, size_t size);

// ENOSPC now instead of SIGBUS at the first touch of a page that a full tmpfs cannot give.
Outcome AllocateFile(int fd, size_t size);

}  // namespace restart
