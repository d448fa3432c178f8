// A TCP socket in repair mode, made to restore connections from elsewhere: connect() ends in ESTABLISHED
// without a packet, and closing it in repair mode sends nothing either (net/ipv4/tcp.c, tcp_finish_connect
// and
// __tcp_close). It is never taken out of that mode: that would send a window probe.

#include <netinet/tcp.h>

#include "reservations.h"
#include "slatfatf/unique_fd.h"
#include "socket_options.h"
#include "tuple_endpoints.h"

namespace tfo_socket {

int ReserveRepair(const RequestBlock& block, const Ownership& ownership, Outcome& outcome) {
  TupleEndpoints ends;
  if (int error = ends.Read(block, outcome)) return error;

  slatfatf::UniqueFd fd(::socket(ends.local.Family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return outcome.Fail(Step::kSocket);
  if (int error = SetMarkAndDevice(fd.Get(), ownership, outcome)) return error;
  const int on = 1;
  if (!SetOption(fd.Get(), IPPROTO_TCP, TCP_REPAIR, on)) return outcome.Fail(Step::kRepair);
  // Repair mode sets SK_FORCE_REUSE, and then anybody with SO_REUSEADDR may bind the port and listen on it.
  if (!SetOption(fd.Get(), SOL_SOCKET, SO_REUSEADDR, 0)) return outcome.Fail(Step::kReuseAddress);
  if (int error = PickAtConnect(fd.Get(), block.ports, outcome)) return error;
  if (int error = IgnoreOrdinaryPackets(fd.Get(), ends.local.Family(), outcome)) return error;

  if (int error = ends.BindAndConnect(fd.Get(), outcome)) return error;
  return fd.Release();
}

}  // namespace tfo_socket
