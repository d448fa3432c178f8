#include "describe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>

#include "file_status.h"

namespace restart {

namespace {

using NameCall = int (*)(int, sockaddr*, socklen_t*);

void ReadName(NameCall call, int fd, SocketName* name) {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un file;
    sockaddr_storage storage;
  } address = {};
  socklen_t size = sizeof(address);
  if (call(fd, &address.any, &size) != 0) return;

  char text[INET6_ADDRSTRLEN + 1 + IF_NAMESIZE] = "";
  switch (address.any.sa_family) {
    case AF_INET:
      ::inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof(text));
      name->address = text;
      name->port = ntohs(address.v4.sin_port);
      return;
    case AF_INET6: {
      ::inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof(text));
      name->address = text;
      name->port = ntohs(address.v6.sin6_port);
      char interface[IF_NAMESIZE] = "";
      if (address.v6.sin6_scope_id != 0 && ::if_indextoname(address.v6.sin6_scope_id, interface) != nullptr) {
        name->address += std::string("%") + interface;
      }
      return;
    }
    case AF_UNIX: {
      const size_t length = size - offsetof(sockaddr_un, sun_path);
      if (size <= offsetof(sockaddr_un, sun_path)) return;
      const char* path = address.file.sun_path;
      if (path[0] == '\0') {
        name->path = "@" + std::string(path + 1, length - 1);
      } else {
        name->path = std::string(path, ::strnlen(path, length));
      }
      return;
    }
  }
}

bool IsMemfd(int fd) {
  char link[32];
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  char target[16];
  const ssize_t length = ::readlink(link, target, sizeof(target));
  constexpr char kPrefix[] = "/memfd:";
  return length >= static_cast<ssize_t>(sizeof(kPrefix) - 1) &&
         std::memcmp(target, kPrefix, sizeof(kPrefix) - 1) == 0;
}

int SocketOption(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof(value);
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

const char* KindOf(int fd, mode_t mode) {
  if (S_ISSOCK(mode)) return "socket";
  if (S_ISREG(mode)) return IsMemfd(fd) ? "memfd" : "file";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISFIFO(mode)) return "pipe";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "device";
  return "other";
}

}  // namespace

Outcome Describe(int fd, Description* description) {
  const int flags = ::fcntl(fd, F_GETFD);
  if (flags < 0) return Outcome::Failed("fcntl(F_GETFD)");
  FileStatus status;
  if (!ReadStatus(fd, &status)) return Outcome::Failed("statx");
  description->close_on_exec = (flags & FD_CLOEXEC) != 0;
  description->kind = KindOf(fd, status.mode);
  description->size_bytes = static_cast<double>(status.size);
  if (!S_ISSOCK(status.mode)) return Outcome::Of(0);

  description->family = SocketOption(fd, SO_DOMAIN);
  description->type = SocketOption(fd, SO_TYPE);
  description->protocol = SocketOption(fd, SO_PROTOCOL);
  description->listening = SocketOption(fd, SO_ACCEPTCONN) == 1;
  ReadName(::getsockname, fd, &description->local);
  ReadName(::getpeername, fd, &description->peer);
  return Outcome::Of(0);
}

}  // namespace restart
