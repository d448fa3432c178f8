#include "tun_fd.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

#include "kernel_abi.h"
#include "slatfatf/netns_scope.h"

namespace tun {
namespace {

constexpr char kControlNode[] = "/dev/net/tun";

int Failed(OpenedTun* opened, const char* call) {
  const int error = errno;
  opened->failed = call;
  return -error;
}

int Result(int returned) { return returned < 0 ? -errno : 0; }

}  // namespace

int OpenTun(const std::string& name, uint16_t flags, const std::string& netns, OpenedTun* opened) {
  ifreq request;
  std::memset(&request, 0, sizeof(request));
  if (name.size() >= sizeof(request.ifr_name)) {
    opened->failed = "ioctl(TUNSETIFF)";
    return -ENAMETOOLONG;
  }
  std::memcpy(request.ifr_name, name.data(), name.size());
  request.ifr_flags = static_cast<short>(flags);

  slatfatf::NetnsScope scope(netns);
  if (scope.Error() != 0) {
    opened->failed = "setns(" + netns + ")";
    return -scope.Error();
  }
  slatfatf::UniqueFd fd(::open(kControlNode, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd.IsOpen()) return Failed(opened, "open(/dev/net/tun)");
  if (::ioctl(fd.Get(), TUNSETIFF, &request) < 0) return Failed(opened, "ioctl(TUNSETIFF)");
  opened->name.assign(request.ifr_name, ::strnlen(request.ifr_name, sizeof(request.ifr_name)));
  opened->index = ::if_nametoindex(opened->name.c_str());
  if (opened->index == 0) return Failed(opened, "ioctl(SIOCGIFINDEX)");
  opened->fd = std::move(fd);
  return 0;
}

int SetOffload(int fd, uint32_t mask) {
  return Result(::ioctl(fd, TUNSETOFFLOAD, static_cast<unsigned long>(mask)));
}

int SetVnetHeaderSize(int fd, int bytes) { return Result(::ioctl(fd, TUNSETVNETHDRSZ, &bytes)); }

int SetPersist(int fd, bool on) {
  return Result(::ioctl(fd, TUNSETPERSIST, static_cast<unsigned long>(on ? 1 : 0)));
}

}  // namespace tun
