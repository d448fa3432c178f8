// The socket options that more than one kind of reservation sets. Constants newer than the oldest headers we
// build with are spelled out here.
#pragma once

#include <linux/filter.h>
#include <sys/socket.h>

#include <string>

#include "outcome.h"

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif

namespace tfo_socket {

template <typename T>
bool SetOption(int fd, int level, int name, const T& value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

// Mark 0 and an empty device are what a socket starts with, so they cost no call. Returns 0 or -errno.
inline int SetMarkAndDevice(int fd, uint32_t mark, const std::string& device, Outcome& outcome) {
  if (mark != 0 && !SetOption(fd, SOL_SOCKET, SO_MARK, mark)) return outcome.Fail(Step::kMark);
  if (!device.empty() && ::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device.c_str(),
                                      static_cast<socklen_t>(device.size())) != 0) {
    return outcome.Fail(Step::kDevice);
  }
  return 0;
}

// Nothing that arrives is kept: a filter that accepts zero bytes of every packet, and the smallest buffer the
// kernel grants. Set before bind, so that there is no moment in which a packet could get in.
inline int DropAll(int fd, Outcome& outcome) {
  sock_filter drop = {BPF_RET | BPF_K, 0, 0, 0};
  sock_fprog program = {1, &drop};
  if (!SetOption(fd, SOL_SOCKET, SO_ATTACH_FILTER, program)) return outcome.Fail(Step::kAttachFilter);
  if (!SetOption(fd, SOL_SOCKET, SO_RCVBUF, 0)) return outcome.Fail(Step::kReceiveBuffer);
  return 0;
}

}  // namespace tfo_socket
