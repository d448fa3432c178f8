// Both ends of a tuple.
#pragma once

#include "endpoint.h"
#include "outcome.h"
#include "request_block.h"

namespace tfo_socket {

struct TupleEndpoints {
  Endpoint local;
  Endpoint remote;

  // A wildcard would let the kernel choose the address: then it is not known what was reserved. Returns 0 or
  // -errno.
  int Read(const RequestBlock& block, Outcome& outcome) {
    if (!local.Set(block.local_family, block.local, static_cast<uint16_t>(block.port)) ||
        local.IsWildcard()) {
      return outcome.Fail(Step::kAddress, EINVAL);
    }
    if (!remote.Set(block.remote_family, block.remote, static_cast<uint16_t>(block.remote_port)) ||
        remote.IsWildcard() || remote.Family() != local.Family()) {
      return outcome.Fail(Step::kRemoteAddress, EINVAL);
    }
    return 0;
  }

  // Returns 0 or -errno. The port that the socket has got is in the outcome.
  int BindAndConnect(int fd, Outcome& outcome) {
    if (::bind(fd, local.Get(), local.Size()) != 0) return outcome.Fail(Step::kBind);
    if (::connect(fd, remote.Get(), remote.Size()) != 0) return outcome.Fail(Step::kConnect);
    socklen_t size = local.Size();
    if (::getsockname(fd, local.Get(), &size) != 0) return outcome.Fail(Step::kGetSockName);
    outcome.SetPort(local.Port());
    return 0;
  }
};

}  // namespace tfo_socket
