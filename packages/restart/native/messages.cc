#include "messages.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "slatfatf/unique_fd.h"

namespace restart {

namespace {

// Descriptors, and what else the kernel adds if somebody has asked it to: credentials, a pidfd, a label.
constexpr size_t kControlSize = CMSG_SPACE(kMostDescriptors * sizeof(int)) + CMSG_SPACE(sizeof(ucred)) +
                                CMSG_SPACE(sizeof(int)) + CMSG_SPACE(256);

struct Received {
  int32_t* descriptors;
  size_t count = 0;

  void Take(const cmsghdr* part) {
    const auto* from = reinterpret_cast<const char*>(CMSG_DATA(part));
    const size_t found = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < found; i++) {
      int fd;
      std::memcpy(&fd, from + i * sizeof(int), sizeof(int));
      if (count < kMostDescriptors) {
        descriptors[count++] = fd;
      } else {
        ::close(fd);
      }
    }
  }

  void CloseAll() {
    while (count > 0) ::close(descriptors[--count]);
  }
};

// `control` must have room for CMSG_SPACE of the descriptors, and be zero.
void Attach(msghdr* message, char* control, const int32_t* descriptors, size_t count) {
  if (count == 0) return;
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* part = CMSG_FIRSTHDR(message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(part), descriptors, count * sizeof(int));
}

ssize_t Send(int fd, msghdr* message, const int32_t* descriptors, size_t count) {
  if (count > kMostDescriptors) return -EINVAL;
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int))] = {};
  Attach(message, control, descriptors, count);
  ssize_t sent;
  do {
    sent = ::sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0 ? sent : -errno;
}

}  // namespace

Outcome SocketPair(int type, int ends[2]) {
  return Outcome::FromCall(::socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), "socketpair");
}

ssize_t SendMessage(int fd, Span bytes, const int32_t* descriptors, size_t count) {
  iovec vector{bytes.bytes, bytes.length};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  return Send(fd, &message, descriptors, count);
}

ssize_t ReceiveMessage(int fd, Span into, int32_t* descriptors) {
  descriptors[0] = 0;
  iovec vector{into.bytes, into.length};
  alignas(cmsghdr) char control[kControlSize];
  msghdr message{};
  ssize_t length;
  do {
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    length = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return -errno;

  Received received{descriptors + 1};
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) received.Take(part);
  }
  const bool lost = (message.msg_flags & MSG_CTRUNC) != 0;
  const bool cut = (message.msg_flags & MSG_TRUNC) != 0;
  if (lost || cut) received.CloseAll();
  if (cut) return -EMSGSIZE;
  descriptors[0] = lost ? -1 : static_cast<int32_t>(received.count);
  return length;
}

Outcome PeerCredentials(int fd, Credentials* credentials) {
  ucred found{};
  socklen_t size = sizeof(found);
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &size) != 0) {
    return Outcome::Failed("getsockopt(SO_PEERCRED)");
  }
  *credentials = {found.pid, found.uid, found.gid};
  return Outcome::Of(0);
}

Outcome Notify(const std::string& address, Span payload, const int32_t* descriptors, size_t count) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const bool abstract = !address.empty() && address[0] == '@';
  // A path ends with a NUL, an abstract name with its last byte.
  const size_t room = abstract ? sizeof(to.sun_path) : sizeof(to.sun_path) - 1;
  if (address.empty() || address.size() > room) return Outcome::Failed("sendmsg", EINVAL);
  std::memcpy(to.sun_path, address.data(), address.size());
  if (abstract) to.sun_path[0] = '\0';

  slatfatf::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return Outcome::Failed("socket");
  iovec vector{payload.bytes, payload.length};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size() + (abstract ? 0 : 1));
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  const ssize_t sent = Send(fd.Get(), &message, descriptors, count);
  return sent >= 0 ? Outcome::Of(0) : Outcome::Failed("sendmsg", static_cast<int>(-sent));
}

}  // namespace restart
