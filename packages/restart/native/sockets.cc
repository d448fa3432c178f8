#include "sockets.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "file_status.h"
#include "slatfatf/unique_fd.h"

namespace restart {

namespace {

using slatfatf::UniqueFd;

class IpAddress {
 public:
  // Numeric only: nothing is resolved, so nothing blocks.
  bool Parse(const std::string& address, int port, int type) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = type;
    addrinfo* found = nullptr;
    const std::string service = std::to_string(port);
    if (::getaddrinfo(address.c_str(), service.c_str(), &hints, &found) != 0) return false;
    std::memcpy(&storage_, found->ai_addr, found->ai_addrlen);
    size_ = found->ai_addrlen;
    ::freeaddrinfo(found);
    return true;
  }

  const sockaddr* Get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t Size() const { return size_; }
  int Family() const { return storage_.ss_family; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

bool SetOption(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

Outcome OpenAndBind(const std::string& address, int port, int type, unsigned flags, UniqueFd* opened) {
  IpAddress local;
  if (!local.Parse(address, port, type)) return Outcome::Failed("getaddrinfo", EINVAL);
  UniqueFd fd(::socket(local.Family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return Outcome::Failed("socket");

  // Connections in TIME-WAIT do not keep a server from its port. For UDP it would let a stranger share it.
  if (type == SOCK_STREAM && !SetOption(fd.Get(), SOL_SOCKET, SO_REUSEADDR, 1)) {
    return Outcome::Failed("setsockopt(SO_REUSEADDR)");
  }
  if ((flags & kReusePort) != 0 && !SetOption(fd.Get(), SOL_SOCKET, SO_REUSEPORT, 1)) {
    return Outcome::Failed("setsockopt(SO_REUSEPORT)");
  }
  // Both families know it under this level.
  if ((flags & kFreebind) != 0 && !SetOption(fd.Get(), SOL_IP, IP_FREEBIND, 1)) {
    return Outcome::Failed("setsockopt(IP_FREEBIND)");
  }
  const int v6_only = (flags & kIpv6Only) != 0 ? 1 : 0;
  if (local.Family() == AF_INET6 && !SetOption(fd.Get(), IPPROTO_IPV6, IPV6_V6ONLY, v6_only)) {
    return Outcome::Failed("setsockopt(IPV6_V6ONLY)");
  }
  if (::bind(fd.Get(), local.Get(), local.Size()) != 0) return Outcome::Failed("bind");
  *opened = std::move(fd);
  return Outcome::Of(0);
}

// Returns 0 or an errno.
int SetPath(const std::string& path, sockaddr_un* address) {
  std::memset(address, 0, sizeof(*address));
  address->sun_family = AF_UNIX;
  // Either would be the name of an abstract socket, which has no mode.
  if (path.empty() || path.find('\0') != std::string::npos) return EINVAL;
  if (path.size() >= sizeof(address->sun_path)) return ENAMETOOLONG;
  std::memcpy(address->sun_path, path.c_str(), path.size());
  return 0;
}

// Through a descriptor of the file itself, so that a link put there in between leads nowhere.
Outcome SetModeOfSocketFile(const std::string& path, mode_t mode) {
  UniqueFd file(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!file.IsOpen()) return Outcome::Failed("open");
  FileStatus status;
  if (!ReadStatus(file.Get(), &status)) return Outcome::Failed("statx");
  if (!S_ISSOCK(status.mode)) return Outcome::Failed("chmod", ENOTSOCK);
  if ((status.mode & 07777) == mode) return Outcome::Of(0);
  char self[32];
  std::snprintf(self, sizeof(self), "/proc/self/fd/%d", file.Get());
  return Outcome::FromCall(::chmod(self, mode), "chmod");
}

}  // namespace

Outcome ListenTcp(const std::string& address, int port, int backlog, unsigned flags) {
  UniqueFd fd;
  if (Outcome bound = OpenAndBind(address, port, SOCK_STREAM, flags, &fd); !bound.Ok()) return bound;
  if (::listen(fd.Get(), backlog) != 0) return Outcome::Failed("listen");
  return Outcome::Of(fd.Release());
}

Outcome BindUdp(const std::string& address, int port, unsigned flags) {
  UniqueFd fd;
  if (Outcome bound = OpenAndBind(address, port, SOCK_DGRAM, flags, &fd); !bound.Ok()) return bound;
  return Outcome::Of(fd.Release());
}

Outcome ListenUnix(const std::string& path, unsigned mode, int backlog, int type) {
  sockaddr_un address;
  if (int error = SetPath(path, &address); error != 0) return Outcome::Failed("bind", error);
  UniqueFd fd(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return Outcome::Failed("socket");
  // bind gives the file the mode of the socket's own inode, less the umask (net/unix/af_unix.c,
  // unix_bind_bsd): so it is never more open than this. The umask itself is every thread's, and not ours.
  if (::fchmod(fd.Get(), mode) != 0) return Outcome::Failed("fchmod");
  if (::bind(fd.Get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return Outcome::Failed("bind");
  }
  Outcome outcome = SetModeOfSocketFile(path, mode);
  if (outcome.Ok()) outcome = Outcome::FromCall(::listen(fd.Get(), backlog), "listen");
  if (!outcome.Ok()) {
    ::unlink(path.c_str());
    return outcome;
  }
  return Outcome::Of(fd.Release());
}

Outcome ConnectUnix(const std::string& path, int type) {
  sockaddr_un address;
  if (int error = SetPath(path, &address); error != 0) return Outcome::Failed("connect", error);
  UniqueFd fd(::socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return Outcome::Failed("socket");
  if (::connect(fd.Get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return Outcome::Failed("connect");
  }
  return Outcome::Of(fd.Release());
}

Outcome ProbeUnix(const std::string& path) {
  Outcome connected = ConnectUnix(path, SOCK_DGRAM);
  if (connected.Ok()) ::close(connected.value);
  return connected;
}

}  // namespace restart
