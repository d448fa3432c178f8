#include "memory.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "slatfatf/unique_fd.h"

namespace restart {

Outcome MemoryFile(const char* name, size_t size) {
  slatfatf::UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.IsOpen()) return Outcome::Failed("memfd_create");
  if (size > 0) {
    if (Outcome allocated = AllocateFile(fd.Get(), size); !allocated.Ok()) return allocated;
  }
  return Outcome::Of(fd.Release());
}

Outcome AllocateFile(int fd, size_t size) {
  int result;
  do {
    result = ::fallocate(fd, 0, 0, static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  return Outcome::FromCall(result, "fallocate");
}

}  // namespace restart
