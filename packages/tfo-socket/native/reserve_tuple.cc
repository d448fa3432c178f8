// A TCP socket that has chosen its four-tuple and never speaks. With TCP_FASTOPEN_CONNECT and no cookie
// wanted, connect() ends in the established hash and leaves the SYN to the first write
// (net/ipv4/tcp_fastopen.c, tcp_fastopen_defer_connect); nobody ever writes.

#include <netinet/tcp.h>

#include "endpoint.h"
#include "reservations.h"
#include "slatfatf/unique_fd.h"
#include "socket_options.h"

namespace tfo_socket {

namespace {

// Without this a packet that reaches the socket is answered, a SYN by SYN-ACK and an acknowledgement by RST,
// and a forged ICMP error closes it. Hosts send with a TTL of 64 or 128, and TCP drops what is below this
// unread, ICMP errors that quote such a packet too (net/ipv4/tcp_ipv4.c, TCPMinTTLDrop). A socket filter
// would double the cost.
bool IgnoreOrdinaryPackets(int fd, int family) {
  constexpr int kHighestTtl = 255;
  if (family == AF_INET) return SetOption(fd, SOL_IP, IP_MINTTL, kHighestTtl);
  return SetOption(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, kHighestTtl);
}

}  // namespace

int ReserveTuple(const std::string& address, PackedRange ports, const std::string& remote_address,
                 uint16_t remote_port, uint32_t mark, const std::string& device, Outcome& outcome) {
  Endpoint local, remote;
  // A wildcard would let the kernel choose the address: then it is not known what was reserved.
  if (!local.Parse(address, 0) || local.IsWildcard()) return outcome.Fail(Step::kAddress, EINVAL);
  if (!remote.Parse(remote_address, remote_port) || remote.IsWildcard() ||
      remote.Family() != local.Family()) {
    return outcome.Fail(Step::kRemoteAddress, EINVAL);
  }

  // Non-blocking, because then EINPROGRESS tells a connect that did send a SYN from one that did not.
  slatfatf::UniqueFd fd(::socket(local.Family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return outcome.Fail(Step::kSocket);
  if (int error = SetMarkAndDevice(fd.Get(), mark, device, outcome)) return error;

  const int on = 1;
  if (!SetOption(fd.Get(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, on))
    return outcome.Fail(Step::kFastOpenConnect);
  if (!SetOption(fd.Get(), IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, on))
    return outcome.Fail(Step::kFastOpenNoCookie);
  // SOL_IP for IPv6 sockets too: the kernel keeps both options in the common part of the socket.
  if (!SetOption(fd.Get(), SOL_IP, IP_BIND_ADDRESS_NO_PORT, on))
    return outcome.Fail(Step::kBindAddressNoPort);
  if (!SetOption(fd.Get(), SOL_IP, IP_LOCAL_PORT_RANGE, ports)) return outcome.Fail(Step::kLocalPortRange);
  if (!IgnoreOrdinaryPackets(fd.Get(), local.Family())) return outcome.Fail(Step::kMinimumTtl);

  if (::bind(fd.Get(), local.Get(), local.Size()) != 0) return outcome.Fail(Step::kBind);
  if (::connect(fd.Get(), remote.Get(), remote.Size()) != 0) return outcome.Fail(Step::kConnect);

  socklen_t size = local.Size();
  if (::getsockname(fd.Get(), local.Get(), &size) != 0) return outcome.Fail(Step::kGetSockName);
  outcome.SetPort(local.Port());
  return fd.Release();
}

}  // namespace tfo_socket
