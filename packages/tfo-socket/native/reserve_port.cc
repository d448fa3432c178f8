// A TCP or UDP socket that is bound and nothing else: it holds the port for every remote.

#include "endpoint.h"
#include "reservations.h"
#include "slatfatf/unique_fd.h"
#include "socket_options.h"

namespace tfo_socket {

int ReservePort(const RequestBlock& block, const Ownership& ownership, Outcome& outcome) {
  Endpoint local;
  if (!local.Set(block.local_family, block.local, static_cast<uint16_t>(block.port))) {
    return outcome.Fail(Step::kAddress, EINVAL);
  }

  const bool udp = block.udp != 0;
  const int type = udp ? SOCK_DGRAM : SOCK_STREAM;
  slatfatf::UniqueFd fd(::socket(local.Family(), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return outcome.Fail(Step::kSocket);
  if (int error = SetMarkAndDevice(fd.Get(), ownership, outcome)) return error;

  // "::" must not hold 0.0.0.0 as well, whatever net.ipv6.bindv6only says.
  if (local.Family() == AF_INET6 && !SetOption(fd.Get(), IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
    return outcome.Fail(Step::kV6Only);
  }
  if (ownership.shared && !SetOption(fd.Get(), SOL_SOCKET, SO_REUSEADDR, 1)) {
    return outcome.Fail(Step::kReuseAddress);
  }
  if (block.port == 0 && !SetOption(fd.Get(), SOL_IP, IP_LOCAL_PORT_RANGE, block.ports)) {
    return outcome.Fail(Step::kLocalPortRange);
  }
  // A TCP socket that neither listens nor connects is in no table that the receive path looks at.
  if (udp) {
    if (int error = DropAll(fd.Get(), outcome)) return error;
  }
  if (::bind(fd.Get(), local.Get(), local.Size()) != 0) return outcome.Fail(Step::kBind);

  socklen_t size = local.Size();
  if (::getsockname(fd.Get(), local.Get(), &size) != 0) return outcome.Fail(Step::kGetSockName);
  outcome.SetPort(local.Port());
  return fd.Release();
}

}  // namespace tfo_socket
