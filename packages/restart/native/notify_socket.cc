#include "notify_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "slatfatf/unique_fd.h"

namespace restart {

namespace {

struct Parcel {
  int32_t* descriptors;
  size_t count = 0;
  Credentials sender{};

  void Take(const cmsghdr* part) {
    if (part->cmsg_level != SOL_SOCKET) return;
    if (part->cmsg_type == SCM_CREDENTIALS) {
      ucred from;
      std::memcpy(&from, CMSG_DATA(part), sizeof(from));
      sender = {from.pid, from.uid, from.gid};
    }
    if (part->cmsg_type == SCM_RIGHTS) {
      // The kernel sends one such part, of at most kMostDescriptors.
      const size_t bytes = part->cmsg_len - CMSG_LEN(0);
      std::memcpy(descriptors, CMSG_DATA(part), bytes);
      count = bytes / sizeof(int);
    }
  }

  void CloseAll() {
    while (count > 0) ::close(descriptors[--count]);
  }
};

}  // namespace

Outcome BindNotifySocket(const std::string& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.empty() || address.size() >= sizeof(name.sun_path)) return Outcome::Failed("bind", EINVAL);
  std::memcpy(name.sun_path, address.data(), address.size());
  const bool abstract = address[0] == '@';
  if (abstract) name.sun_path[0] = '\0';
  const size_t length = offsetof(sockaddr_un, sun_path) + address.size() + (abstract ? 0 : 1);

  slatfatf::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return Outcome::Failed("socket");
  const int on = 1;
  if (::setsockopt(fd.Get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0) {
    return Outcome::Failed("setsockopt(SO_PASSCRED)");
  }
  if (::bind(fd.Get(), reinterpret_cast<sockaddr*>(&name), static_cast<socklen_t>(length)) != 0) {
    return Outcome::Failed("bind");
  }
  return Outcome::Of(fd.Release());
}

ssize_t ReceiveNotification(int fd, Span into, int32_t* descriptors, Credentials* sender) {
  descriptors[0] = 0;
  iovec vector{into.bytes, into.length};
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int)) + CMSG_SPACE(sizeof(ucred)) + 256];
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t length = ::recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0) return -errno;

  Parcel parcel{descriptors + 1};
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    parcel.Take(part);
  }
  *sender = parcel.sender;
  const bool lost = (message.msg_flags & MSG_CTRUNC) != 0;
  const bool cut = (message.msg_flags & MSG_TRUNC) != 0;
  if (lost || cut) parcel.CloseAll();
  if (cut) return -EMSGSIZE;
  descriptors[0] = lost ? -1 : static_cast<int32_t>(parcel.count);
  return length;
}

bool IsHungUp(int fd) {
  pollfd entry{fd, 0, 0};
  return ::poll(&entry, 1, 0) > 0 && (entry.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace restart
