#include "socket_queue.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "messages.h"

namespace restart {

namespace {

void CloseAll(QueuedMessage* received) {
  for (int i = 0; i < received->count; i++) ::close(received->descriptors[i]);
  received->count = 0;
}

// What came with the message beyond SCM_RIGHTS is of no interest.
void CollectDescriptors(msghdr* message, QueuedMessage* received) {
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const size_t bytes = part->cmsg_len - CMSG_LEN(0);
    std::memcpy(received->descriptors + received->count, CMSG_DATA(part), bytes);
    received->count += static_cast<int>(bytes / sizeof(int));
  }
}

}  // namespace

int ReceiveQueued(int fd, bool peek, QueuedMessage* received) {
  // Somebody may have asked the kernel for credentials, a pidfd and a label too.
  alignas(cmsghdr) char control[CMSG_SPACE(kMostDescriptors * sizeof(int)) + 512];
  iovec data = {received->bytes, received->room};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (received->descriptors != nullptr) {
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
  }
  const int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC | (peek ? MSG_PEEK : 0);
  const ssize_t length = ::recvmsg(fd, &message, flags);
  if (length < 0) return -errno;
  if (received->descriptors != nullptr) {
    CollectDescriptors(&message, received);
    if ((message.msg_flags & MSG_CTRUNC) != 0) return CloseAll(received), -EMFILE;
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) return CloseAll(received), -EMSGSIZE;
  return static_cast<int>(length);
}

Outcome SetPeekOffset(int fd, int offset) {
  return Outcome::FromCall(::setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)),
                           "setsockopt(SO_PEEK_OFF)");
}

Outcome SetSendBuffer(int fd, int bytes) {
  if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0 &&
      ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)) != 0) {
    return Outcome::Failed("setsockopt(SO_SNDBUF)");
  }
  int granted = 0;
  socklen_t size = sizeof(granted);
  if (::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &granted, &size) != 0) {
    return Outcome::Failed("getsockopt(SO_SNDBUF)");
  }
  return Outcome::Of(granted);
}

}  // namespace restart
