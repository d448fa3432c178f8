// A TCP socket that has chosen its four-tuple and never speaks. With TCP_FASTOPEN_CONNECT and no cookie
// wanted, connect() ends in the established hash and leaves the SYN to the first write
// (net/ipv4/tcp_fastopen.c, tcp_fastopen_defer_connect); nobody ever writes.

#include <netinet/tcp.h>

#include "reservations.h"
#include "slatfatf/unique_fd.h"
#include "socket_options.h"
#include "tuple_endpoints.h"

namespace tfo_socket {

int ReserveTuple(const RequestBlock& block, const Ownership& ownership, Outcome& outcome) {
  TupleEndpoints ends;
  if (int error = ends.Read(block, outcome)) return error;

  // Non-blocking, because then EINPROGRESS tells a connect that did send a SYN from one that did not.
  slatfatf::UniqueFd fd(::socket(ends.local.Family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return outcome.Fail(Step::kSocket);
  if (int error = SetMarkAndDevice(fd.Get(), ownership, outcome)) return error;

  const int on = 1;
  if (!SetOption(fd.Get(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, on))
    return outcome.Fail(Step::kFastOpenConnect);
  if (!SetOption(fd.Get(), IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, on))
    return outcome.Fail(Step::kFastOpenNoCookie);
  if (ownership.shared && !SetOption(fd.Get(), SOL_SOCKET, SO_REUSEADDR, on))
    return outcome.Fail(Step::kReuseAddress);
  if (block.port == 0) {
    if (int error = PickAtConnect(fd.Get(), block.ports, outcome)) return error;
  }
  if (int error = IgnoreOrdinaryPackets(fd.Get(), ends.local.Family(), outcome)) return error;
  if (int error = ResetOnClose(fd.Get(), true, outcome)) return error;

  if (int error = ends.BindAndConnect(fd.Get(), outcome)) return error;
  return fd.Release();
}

}  // namespace tfo_socket
