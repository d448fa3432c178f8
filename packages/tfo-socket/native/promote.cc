// Turns a reserved tuple into a connection: the same socket, so that nobody else can have the tuple in
// between.

#include <netinet/tcp.h>

#include <cstdlib>

#include "fast_open.h"
#include "readiness.h"
#include "socket_options.h"

namespace tfo_socket {

int Promote(const PromoteRequest& request, ConnectOutcome& outcome) {
  int family = 0;
  socklen_t size = sizeof(family);
  if (::getsockopt(request.fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) {
    return outcome.Fail(Step::kSocketDomain);
  }
  // A socket that an ICMP error or a RST has closed would send the SYN all the same, for a tuple that it does
  // not hold any more.
  if (const int error = SocketError(request.fd)) return outcome.Fail(Step::kConnect, std::abs(error));
  uint8_t state = 0;
  if (TcpInfo(request.fd, &state, sizeof(state)) < 0 || state != TCP_SYN_SENT) {
    return outcome.Fail(Step::kConnect, ENOTCONN);
  }
  uint32_t mark_before = 0;
  size = sizeof(mark_before);
  if (request.set_mark && (::getsockopt(request.fd, SOL_SOCKET, SO_MARK, &mark_before, &size) != 0 ||
                           !SetOption(request.fd, SOL_SOCKET, SO_MARK, request.mark))) {
    return outcome.Fail(Step::kMark);
  }
  const int off = 0;
  const bool listens = family == AF_INET ? SetOption(request.fd, SOL_IP, IP_MINTTL, off)
                                         : SetOption(request.fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, off);
  if (!listens) return outcome.Fail(Step::kMinimumTtl);
  if (int error = ResetOnClose(request.fd, false, outcome)) return error;
  // Of nothing, too: it is the write that sends the SYN.
  const int sent = Send(request.fd, request.data);
  if (sent < 0 && sent != -EINPROGRESS) {
    // Where the kernel refuses to begin, the tuple is held as before.
    IgnoreOrdinaryPackets(request.fd, family, outcome);
    ResetOnClose(request.fd, true, outcome);
    if (request.set_mark) SetOption(request.fd, SOL_SOCKET, SO_MARK, mark_before);
    return outcome.Fail(Step::kSend, -sent);
  }
  outcome.SetSent(sent < 0 ? 0 : static_cast<size_t>(sent));
  return 0;
}

}  // namespace tfo_socket
