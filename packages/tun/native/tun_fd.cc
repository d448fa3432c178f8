#include "tun_fd.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

std::string LinkText(const std::string& path) {
  char text[64];
  const ssize_t length = ::readlink(path.c_str(), text, sizeof(text));
  return length < 0 ? std::string() : std::string(text, static_cast<size_t>(length));
}

// By what the links say, "net:[4026531840]". (fstat(2) would ask for a newer C library.)
bool IsOwnNamespace(int space) {
  return LinkText("/proc/thread-self/fd/" + std::to_string(space)) == LinkText("/proc/thread-self/ns/net");
}

// A descriptor tells the name of its interface, and only the interface's own namespace knows the index.
uint32_t IndexOf(int fd, const std::string& name) {
  slatfatf::UniqueFd space(GetDeviceNamespace(fd));
  // Without CAP_NET_ADMIN the namespace is not told: then it can only be the own one.
  const bool is_foreign = space.IsOpen() && !IsOwnNamespace(space.Get());
  slatfatf::NetnsScope scope(is_foreign ? "/proc/thread-self/fd/" + std::to_string(space.Get()) : "");
  return scope.Error() == 0 ? ::if_nametoindex(name.c_str()) : 0;
}

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
  // Who joins others on a device has its packets in the form that they chose, whatever the request said.
  uint32_t in_force = 0;
  const int error = GetInterface(fd.Get(), &opened->name, &in_force);
  if (error != 0 || ((in_force ^ flags) & (IFF_VNET_HDR | IFF_NO_PI)) != 0) {
    opened->failed = error != 0 ? "ioctl(TUNGETIFF)" : "ioctl(TUNSETIFF)";
    return error != 0 ? error : -EINVAL;
  }
  opened->index = ::if_nametoindex(opened->name.c_str());
  if (opened->index == 0) return Failed(opened, "ioctl(SIOCGIFINDEX)");
  opened->flags = flags;
  opened->fd = std::move(fd);
  return 0;
}

int AdoptTun(int fd, bool duplicate, OpenedTun* opened) {
  uint32_t flags = 0;
  const int error = GetInterface(fd, &opened->name, &flags);
  if (error != 0) {
    opened->failed = "ioctl(TUNGETIFF)";
    return error;
  }
  // The descriptor stays its owner's until nothing can fail any more.
  slatfatf::UniqueFd copy;
  if (duplicate) {
    copy = slatfatf::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy.IsOpen()) return Failed(opened, "fcntl(F_DUPFD_CLOEXEC)");
  }
  const int status = ::fcntl(fd, F_GETFL);
  if (status < 0 || ::fcntl(fd, F_SETFL, status | O_NONBLOCK) < 0) return Failed(opened, "fcntl(F_SETFL)");
  opened->index = IndexOf(fd, opened->name);
  opened->flags = flags;
  opened->fd = duplicate ? std::move(copy) : slatfatf::UniqueFd(fd);
  return 0;
}

int GetInterface(int fd, std::string* name, uint32_t* flags) {
  ifreq request;
  std::memset(&request, 0, sizeof(request));
  if (::ioctl(fd, TUNGETIFF, &request) < 0) return -errno;
  name->assign(request.ifr_name, ::strnlen(request.ifr_name, sizeof(request.ifr_name)));
  *flags = static_cast<uint16_t>(request.ifr_flags);
  return 0;
}

int GetDeviceNamespace(int fd) {
  const int space = ::ioctl(fd, TUNGETDEVNETNS);
  return space < 0 ? -errno : space;
}

int GetFeatures(int fd, uint32_t* features) {
  unsigned int value = 0;
  const int error = Result(::ioctl(fd, TUNGETFEATURES, &value));
  *features = value;
  return error;
}

int SetOffload(int fd, uint32_t mask) {
  return Result(::ioctl(fd, TUNSETOFFLOAD, static_cast<unsigned long>(mask)));
}

int SetVnetHeaderSize(int fd, int bytes) { return Result(::ioctl(fd, TUNSETVNETHDRSZ, &bytes)); }

int SetPersist(int fd, bool on) {
  return Result(::ioctl(fd, TUNSETPERSIST, static_cast<unsigned long>(on ? 1 : 0)));
}

int SetOwner(int fd, uint32_t user) {
  return Result(::ioctl(fd, TUNSETOWNER, static_cast<unsigned long>(user)));
}

int SetGroup(int fd, uint32_t group) {
  return Result(::ioctl(fd, TUNSETGROUP, static_cast<unsigned long>(group)));
}

int SetCarrier(int fd, bool on) {
  int value = on ? 1 : 0;
  return Result(::ioctl(fd, TUNSETCARRIER, &value));
}

int SetSendBuffer(int fd, int bytes) { return Result(::ioctl(fd, TUNSETSNDBUF, &bytes)); }

int SetAttached(int fd, bool on) {
  ifreq request;
  std::memset(&request, 0, sizeof(request));
  request.ifr_flags = on ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
  return Result(::ioctl(fd, TUNSETQUEUE, &request));
}

}  // namespace tun
