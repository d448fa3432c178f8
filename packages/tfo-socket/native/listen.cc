// A TCP socket that listens, and accepts data in the SYN.

#include <netinet/tcp.h>

#include "endpoint.h"
#include "fast_open.h"
#include "slatfatf/unique_fd.h"
#include "socket_options.h"

namespace tfo_socket {

int Listen(const ListenRequest& request, Outcome& outcome) {
  Endpoint local;
  if (!local.Parse(request.address, request.port)) return outcome.Fail(Step::kAddress, EINVAL);
  slatfatf::UniqueFd fd(::socket(local.Family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return outcome.Fail(Step::kSocket);
  if (int error = SetMarkAndDevice(fd.Get(), request.ownership, outcome)) return error;

  // Connections in TIME-WAIT do not keep a server from its port.
  const int on = 1;
  if (!SetOption(fd.Get(), SOL_SOCKET, SO_REUSEADDR, on)) return outcome.Fail(Step::kReuseAddress);
  const int v6_only = request.v6_only ? 1 : 0;
  if (local.Family() == AF_INET6 && !SetOption(fd.Get(), IPPROTO_IPV6, IPV6_V6ONLY, v6_only)) {
    return outcome.Fail(Step::kV6Only);
  }
  if (::bind(fd.Get(), local.Get(), local.Size()) != 0) return outcome.Fail(Step::kBind);
  if (request.fast_open_queue > 0 &&
      !SetOption(fd.Get(), IPPROTO_TCP, TCP_FASTOPEN, request.fast_open_queue)) {
    return outcome.Fail(Step::kFastOpenQueue);
  }
  if (request.no_cookie && !SetOption(fd.Get(), IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, on)) {
    return outcome.Fail(Step::kFastOpenNoCookie);
  }
  if (::listen(fd.Get(), request.backlog) != 0) return outcome.Fail(Step::kListen);

  socklen_t size = local.Size();
  if (::getsockname(fd.Get(), local.Get(), &size) != 0) return outcome.Fail(Step::kGetSockName);
  outcome.SetPort(local.Port());
  return fd.Release();
}

}  // namespace tfo_socket
