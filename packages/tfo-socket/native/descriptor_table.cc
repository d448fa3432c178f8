// The kernel doubles the table when a descriptor does not fit, and in a process with threads it waits for an
// RCU grace period each time (fs/file.c, expand_fdtable). Asking once for a high number has the waits now.

#include "descriptor_table.h"

#include <fcntl.h>

#include <cerrno>

#include "slatfatf/unique_fd.h"

namespace tfo_socket {

int GrowDescriptorTable(int count) {
  slatfatf::UniqueFd any(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!any.IsOpen()) return -errno;
  slatfatf::UniqueFd high(::fcntl(any.Get(), F_DUPFD_CLOEXEC, count - 1));
  return high.IsOpen() ? 0 : -errno;
}

}  // namespace tfo_socket
