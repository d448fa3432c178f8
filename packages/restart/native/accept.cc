#include "accept.h"

#include <sys/socket.h>

#include <cerrno>

namespace restart {

Outcome Listen(int fd, int backlog) { return Outcome::FromCall(::listen(fd, backlog), "listen"); }

int Accept(int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  return fd >= 0 ? fd : -errno;
}

}  // namespace restart
