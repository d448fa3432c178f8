// A TCP connection that is begun without waiting. With TCP_FASTOPEN_CONNECT the kernel keeps the SYN back
// until something is written, if it has a cookie for the remote or needs none; if it has none, it sends the
// SYN at once, which asks for one (net/ipv4/tcp_fastopen.c, tcp_fastopen_defer_connect).

#include <netinet/tcp.h>

#include <algorithm>

#include "endpoint.h"
#include "fast_open.h"
#include "slatfatf/unique_fd.h"
#include "socket_options.h"

namespace tfo_socket {

namespace {

int SetFastOpen(int fd, FastOpen fast_open, Outcome& outcome) {
  const int on = 1;
  if (fast_open == FastOpen::kOff) return 0;
  if (!SetOption(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, on)) return outcome.Fail(Step::kFastOpenConnect);
  if (fast_open == FastOpen::kNoCookie && !SetOption(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, on)) {
    return outcome.Fail(Step::kFastOpenNoCookie);
  }
  return 0;
}

int BindLocal(int fd, const ConnectRequest& request, const Endpoint& remote, Outcome& outcome) {
  if (request.local_address.empty()) return 0;
  Endpoint local;
  if (!local.Parse(request.local_address, 0) || local.Family() != remote.Family()) {
    return outcome.Fail(Step::kAddress, EINVAL);
  }
  // Without it bind would choose the port, which then is held for all remotes.
  const int on = 1;
  if (!SetOption(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, on)) return outcome.Fail(Step::kBindAddressNoPort);
  if (request.ports != 0 && !SetOption(fd, SOL_IP, IP_LOCAL_PORT_RANGE, request.ports)) {
    return outcome.Fail(Step::kLocalPortRange);
  }
  if (::bind(fd, local.Get(), local.Size()) != 0) return outcome.Fail(Step::kBind);
  return 0;
}

}  // namespace

int Send(int fd, Bytes bytes) {
  // What is sent is reported in an int.
  const size_t length = std::min<size_t>(bytes.length, 0x40000000);
  ssize_t sent;
  do {
    sent = ::send(fd, bytes.data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0 ? static_cast<int>(sent) : -errno;
}

int Connect(const ConnectRequest& request, ConnectOutcome& outcome) {
  Endpoint remote;
  if (!remote.Parse(request.remote_address, request.remote_port)) {
    return outcome.Fail(Step::kRemoteAddress, EINVAL);
  }
  slatfatf::UniqueFd fd(::socket(remote.Family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.IsOpen()) return outcome.Fail(Step::kSocket);
  if (int error = SetMarkAndDevice(fd.Get(), request.ownership, outcome)) return error;
  if (int error = SetFastOpen(fd.Get(), request.fast_open, outcome)) return error;
  if (int error = BindLocal(fd.Get(), request, remote, outcome)) return error;

  const bool waiting = ::connect(fd.Get(), remote.Get(), remote.Size()) != 0;
  if (waiting && errno != EINPROGRESS) return outcome.Fail(Step::kConnect);
  const bool deferred = !waiting && request.fast_open != FastOpen::kOff;
  if (deferred && request.data.length > 0) {
    const int sent = Send(fd.Get(), request.data);
    // EINPROGRESS: the SYN left without data after all.
    if (sent < 0 && sent != -EINPROGRESS) return outcome.Fail(Step::kSend, -sent);
    outcome.SetSent(sent < 0 ? 0 : static_cast<size_t>(sent));
  } else {
    outcome.SetDeferred(deferred);
  }

  Endpoint local;
  socklen_t size = sizeof(sockaddr_in6);
  if (::getsockname(fd.Get(), local.Get(), &size) != 0) return outcome.Fail(Step::kGetSockName);
  outcome.SetPort(local.Port());
  return fd.Release();
}

}  // namespace tfo_socket
