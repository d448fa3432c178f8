// What the kernel says a descriptor is, to tell a reservation from anything else that a number may stand for.
#pragma once

#include <string>

namespace tfo_socket {

struct SocketFacts {
  // IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP or IPPROTO_ICMPV6.
  int protocol = 0;
  // Empty if the socket is not an IP socket.
  std::string address;
  int port = 0;
  // As in include/net/tcp_states.h; 0 if the socket is not TCP, like all below.
  int tcp_state = 0;
  bool fast_open_connect = false;
  bool repair = false;
  bool shared = false;
};

// Returns nullptr, or the system call that failed, with errno set.
const char* ReadSocketFacts(int fd, SocketFacts* facts);

}  // namespace tfo_socket
