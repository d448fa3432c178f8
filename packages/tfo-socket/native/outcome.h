// What a hot function reports besides its result: the port the kernel chose, and the step that failed. Both
// go into an Int32Array that JavaScript allocates once, so that a reservation creates no object on the way.
#pragma once

#include <cerrno>
#include <cstdint>

namespace tfo_socket {

// The order is the order of kStepNames, which JavaScript reads from the addon.
enum class Step : int32_t {
  kAddress,
  kRemoteAddress,
  kSocket,
  kMark,
  kDevice,
  kV6Only,
  kFastOpenConnect,
  kFastOpenNoCookie,
  kBindAddressNoPort,
  kLocalPortRange,
  kMinimumTtl,
  kReuseAddress,
  kRepair,
  kAttachFilter,
  kReceiveBuffer,
  kBind,
  kConnect,
  kGetSockName,
  kSend,
  kListen,
  kFastOpenQueue,
  kSocketDomain,
  kLinger,
};

inline constexpr const char* kStepNames[] = {
    "inet_pton(address)",
    "inet_pton(remoteAddress)",
    "socket",
    "setsockopt(SO_MARK)",
    "setsockopt(SO_BINDTODEVICE)",
    "setsockopt(IPV6_V6ONLY)",
    "setsockopt(TCP_FASTOPEN_CONNECT)",
    "setsockopt(TCP_FASTOPEN_NO_COOKIE)",
    "setsockopt(IP_BIND_ADDRESS_NO_PORT)",
    "setsockopt(IP_LOCAL_PORT_RANGE)",
    "setsockopt(IP_MINTTL)",
    "setsockopt(SO_REUSEADDR)",
    "setsockopt(TCP_REPAIR)",
    "setsockopt(SO_ATTACH_FILTER)",
    "setsockopt(SO_RCVBUF)",
    "bind",
    "connect",
    "getsockname",
    "send",
    "listen",
    "setsockopt(TCP_FASTOPEN)",
    "getsockopt(SO_DOMAIN)",
    "setsockopt(SO_LINGER)",
};

class Outcome {
 public:
  static constexpr size_t kLength = 2;

  explicit Outcome(int32_t* cells) : cells_(cells) {}

  void SetPort(uint16_t port) { cells_[0] = port; }

  // Returns -error, so that a caller can leave with it.
  int Fail(Step step, int error = errno) {
    cells_[1] = static_cast<int32_t>(step);
    return -error;
  }

 private:
  int32_t* cells_;
};

}  // namespace tfo_socket
