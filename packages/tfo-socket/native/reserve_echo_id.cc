// A ping socket bound to an echo id (net/ipv4/ping.c): the id takes the place of the port.

#include "endpoint.h"
#include "reservations.h"
#include "slatfatf/unique_fd.h"
#include "socket_options.h"

namespace tfo_socket {

int ReserveEchoId(const RequestBlock& block, const Ownership& ownership, Outcome& outcome) {
  Endpoint local;
  if (!local.Set(block.local_family, block.local, static_cast<uint16_t>(block.port))) {
    return outcome.Fail(Step::kAddress, EINVAL);
  }

  const int protocol = local.Family() == AF_INET ? static_cast<int>(IPPROTO_ICMP) : IPPROTO_ICMPV6;
  slatfatf::UniqueFd fd(::socket(local.Family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!fd.IsOpen()) return outcome.Fail(Step::kSocket);
  if (int error = SetMarkAndDevice(fd.Get(), ownership, outcome)) return error;

  // Ping sockets are born with address reuse on (INET_PROTOSW_REUSE), and two that both reuse share an id.
  // One that does not is enough to keep every other off it.
  if (!SetOption(fd.Get(), SOL_SOCKET, SO_REUSEADDR, ownership.shared ? 1 : 0))
    return outcome.Fail(Step::kReuseAddress);
  if (int error = DropAll(fd.Get(), outcome)) return error;
  if (::bind(fd.Get(), local.Get(), local.Size()) != 0) return outcome.Fail(Step::kBind);

  outcome.SetPort(local.Port());
  return fd.Release();
}

}  // namespace tfo_socket
