// Asks the kernel's socket statistics which file a Unix socket is bound to: its own name for it may be
// another file's by now, or another directory's.

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstring>

#include "file_status.h"
#include "slatfatf/unique_fd.h"
#include "sockets.h"

namespace restart {

namespace {

struct Request {
  nlmsghdr header;
  unix_diag_req body;
};

// The kernel's own dev_t has 20 bits for the minor number.
double ToStatDevice(uint32_t device) { return static_cast<double>(makedev(device >> 20, device & 0xfffff)); }

Outcome ReadAnswer(const nlmsghdr* answer, BoundFile* file) {
  if (answer->nlmsg_type == NLMSG_ERROR && answer->nlmsg_len >= NLMSG_LENGTH(sizeof(nlmsgerr))) {
    return Outcome::Failed("sock_diag", -static_cast<const nlmsgerr*>(NLMSG_DATA(answer))->error);
  }
  if (answer->nlmsg_type != SOCK_DIAG_BY_FAMILY || answer->nlmsg_len < NLMSG_LENGTH(sizeof(unix_diag_msg))) {
    return Outcome::Failed("sock_diag", EBADMSG);
  }
  auto* body = static_cast<const char*>(NLMSG_DATA(answer));
  auto* attribute = reinterpret_cast<const rtattr*>(body + NLMSG_ALIGN(sizeof(unix_diag_msg)));
  size_t left = answer->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(sizeof(unix_diag_msg)));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type != UNIX_DIAG_VFS || RTA_PAYLOAD(attribute) < sizeof(unix_diag_vfs)) continue;
    unix_diag_vfs found;
    std::memcpy(&found, RTA_DATA(attribute), sizeof(found));
    file->device = ToStatDevice(found.udiag_vfs_dev);
    file->inode = found.udiag_vfs_ino;
    return Outcome::Of(0);
  }
  return Outcome::Failed("sock_diag", ENOENT);
}

}  // namespace

Outcome FindBoundFile(int fd, BoundFile* file) {
  FileStatus status;
  if (!ReadStatus(fd, &status)) return Outcome::Failed("statx");
  uint64_t cookie = 0;
  socklen_t cookie_size = sizeof(cookie);
  if (::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &cookie_size) != 0) {
    return Outcome::Failed("getsockopt(SO_COOKIE)");
  }
  slatfatf::UniqueFd diagnosis(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!diagnosis.IsOpen()) return Outcome::Failed("socket(NETLINK_SOCK_DIAG)");

  Request request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.body.sdiag_family = AF_UNIX;
  request.body.udiag_ino = static_cast<uint32_t>(status.inode);
  request.body.udiag_show = UDIAG_SHOW_VFS;
  request.body.udiag_cookie[0] = static_cast<uint32_t>(cookie);
  request.body.udiag_cookie[1] = static_cast<uint32_t>(cookie >> 32);
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  // The kernel answers within the call: nothing is waited for.
  if (::sendto(diagnosis.Get(), &request, sizeof(request), 0, reinterpret_cast<sockaddr*>(&kernel),
               sizeof(kernel)) < 0) {
    return Outcome::Failed("sendto(NETLINK_SOCK_DIAG)");
  }
  alignas(nlmsghdr) char buffer[4096];
  const ssize_t length = ::recv(diagnosis.Get(), buffer, sizeof(buffer), MSG_DONTWAIT);
  if (length < 0) return Outcome::Failed("recv(NETLINK_SOCK_DIAG)");
  auto* answer = reinterpret_cast<const nlmsghdr*>(buffer);
  if (!NLMSG_OK(answer, static_cast<size_t>(length))) return Outcome::Failed("sock_diag", EBADMSG);
  return ReadAnswer(answer, file);
}

}  // namespace restart
