// TCP_INFO as it is: which of its fields exist depends on the kernel that runs, not on the headers of the
// build.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "fast_open.h"

namespace tfo_socket {

int TcpInfo(int fd, uint8_t* info, size_t length) {
  socklen_t size = static_cast<socklen_t>(length);
  return ::getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &size) == 0 ? static_cast<int>(size) : -errno;
}

}  // namespace tfo_socket
