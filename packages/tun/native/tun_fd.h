// Opening a queue of a TUN device, and the ioctls on it. Each function returns 0 or -errno.
#pragma once

#include <cstdint>
#include <string>

#include "slatfatf/unique_fd.h"

namespace tun {

struct OpenedTun {
  slatfatf::UniqueFd fd;
  std::string name;
  uint32_t index = 0;
  std::string failed;  // the call that failed, when the result is not 0
};

// Attaches a queue to the device `name` (empty or with "%d": the kernel numbers it), making the device if it
// is not there. A descriptor of /dev/net/tun belongs to the namespace it was opened in, so a `netns` path is
// entered for both calls. `flags` are those of TUNSETIFF.
int OpenTun(const std::string& name, uint16_t flags, const std::string& netns, OpenedTun* opened);

int SetOffload(int fd, uint32_t mask);
int SetVnetHeaderSize(int fd, int bytes);
int SetPersist(int fd, bool on);

}  // namespace tun
