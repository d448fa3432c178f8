// The socket options that more than one kind of reservation sets. Constants newer than the oldest headers we
// build with are spelled out here.
#pragma once

#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "outcome.h"
#include "reservations.h"

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

// What a socket starts with costs no call. Returns 0 or -errno.
inline int SetMarkAndDevice(int fd, const Ownership& ownership, Outcome& outcome) {
  const auto& [mark, device, shared] = ownership;
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

// The kernel picks a port of the range when the socket connects, free for that remote. SOL_IP for IPv6
// sockets too: the kernel keeps both options in the common part of the socket. Returns 0 or -errno.
inline int PickAtConnect(int fd, PackedRange ports, Outcome& outcome) {
  const int on = 1;
  if (!SetOption(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, on)) return outcome.Fail(Step::kBindAddressNoPort);
  if (!SetOption(fd, SOL_IP, IP_LOCAL_PORT_RANGE, ports)) return outcome.Fail(Step::kLocalPortRange);
  return 0;
}

// Without this a packet that reaches the socket is answered, a SYN by SYN-ACK and an acknowledgement by RST,
// and a forged ICMP error closes it. Hosts send with a TTL of 64 or 128, and TCP drops what is below this
// unread, ICMP errors too: over IPv4 those that quote such a packet, over IPv6 those that have such a hop
// limit themselves (tcp_v4_err, tcp_v6_err; TCPMinTTLDrop). A socket filter would double the cost. Returns 0
// or -errno.
inline int IgnoreOrdinaryPackets(int fd, int family, Outcome& outcome) {
  constexpr int kHighestTtl = 255;
  const bool set = family == AF_INET ? SetOption(fd, SOL_IP, IP_MINTTL, kHighestTtl)
                                     : SetOption(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, kHighestTtl);
  return set ? 0 : outcome.Fail(Step::kMinimumTtl);
}

// Closing resets the connection that a stranger may have begun by a SYN that came through, so that the name
// is free at once; a socket that has sent nothing is closed without a word either way (net/ipv4/tcp.c,
// __tcp_close). Returns 0 or -errno.
inline int ResetOnClose(int fd, bool on, Outcome& outcome) {
  const linger value = {on ? 1 : 0, 0};
  return SetOption(fd, SOL_SOCKET, SO_LINGER, value) ? 0 : outcome.Fail(Step::kLinger);
}

}  // namespace tfo_socket
