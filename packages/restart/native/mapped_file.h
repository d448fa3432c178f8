// A file in memory, shared with every process and thread that maps it too.
#pragma once

#include <napi.h>

#include <cstddef>

#include "outcome.h"

namespace restart {

// Maps the first `offset + size` bytes of `fd` for reading and writing, and returns what lies behind `offset`
// as an ArrayBuffer. Borrows `fd`: the mapping stays when it is closed. Throws with errno and syscall if the
// kernel or the engine refuses. The pages must have been allocated before: a missing one that the file system
// has no room for is a SIGBUS.
Napi::Value MapFileAt(Napi::Env env, int fd, size_t offset, size_t size);

// Takes the memory away from the ArrayBuffer of MapFileAt: its views have length 0 from then on. The kernel
// is told once the engine has let go. False: it is no such ArrayBuffer.
bool UnmapFile(Napi::Env env, napi_value buffer);

// Adds seals (F_SEAL_...) to a memory file.
Outcome SealFile(int fd, int seals);

}  // namespace restart
