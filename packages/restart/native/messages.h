// Messages that carry descriptors, over Unix sockets that keep message boundaries.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "outcome.h"

namespace restart {

// SCM_MAX_FD of the kernel: more in one message is EINVAL.
inline constexpr size_t kMostDescriptors = 253;

struct Span {
  uint8_t* bytes = nullptr;
  size_t length = 0;
};

// Two connected ends, non-blocking and close-on-exec.
Outcome SocketPair(int type, int ends[2]);

// Bytes sent, or -errno. Never raises SIGPIPE, never blocks.
ssize_t SendMessage(int fd, Span bytes, const int32_t* descriptors, size_t count);

// Bytes received, 0 at the end (or for an empty message), or -errno. `descriptors` has room for one more than
// kMostDescriptors: first their number, then they themselves, close-on-exec. -1 as the number: some were sent
// that this process could not take (MSG_CTRUNC), and those that it could are closed again. -EMSGSIZE: the
// message did not fit into `into` and is lost, its descriptors closed.
ssize_t ReceiveMessage(int fd, Span into, int32_t* descriptors);

struct Credentials {
  int32_t pid = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
};

Outcome PeerCredentials(int fd, Credentials* credentials);

// One datagram to a Unix socket; '@' begins an abstract address. Does not wait: EAGAIN, the queue is full.
Outcome Notify(const std::string& address, Span payload, const int32_t* descriptors, size_t count);

}  // namespace restart
