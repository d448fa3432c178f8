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
  uint32_t flags = 0;  // of TUNSETIFF, as in force
  std::string failed;  // the call that failed, when the result is not 0
};

// Attaches a queue to the device `name` (empty or with "%d": the kernel numbers it), making the device if it
// is not there. A descriptor of /dev/net/tun belongs to the namespace it was opened in, so a `netns` path is
// entered for both calls. `flags` are those of TUNSETIFF.
int OpenTun(const std::string& name, uint16_t flags, const std::string& netns, OpenedTun* opened);

// Takes over a descriptor that somebody else opened, or a duplicate of it. Refused with ENOTTY unless it is a
// TUN descriptor that is attached to a device. The index is 0 if the device is in a namespace that may not be
// entered.
int AdoptTun(int fd, bool duplicate, OpenedTun* opened);

// What TUNGETIFF says of the device now: its name may have changed.
int GetInterface(int fd, std::string* name, uint32_t* flags);

// A new descriptor of the network namespace the device is in now.
int GetDeviceNamespace(int fd);
int GetFeatures(int fd, uint32_t* features);

int SetOffload(int fd, uint32_t mask);
int SetVnetHeaderSize(int fd, int bytes);
int SetPersist(int fd, bool on);
int SetOwner(int fd, uint32_t user);
int SetGroup(int fd, uint32_t group);
int SetCarrier(int fd, bool on);
int SetSendBuffer(int fd, int bytes);
// Stops or resumes the kernel's use of this queue among those of its device.
int SetAttached(int fd, bool on);

}  // namespace tun
