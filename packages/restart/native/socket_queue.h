// Descriptors in the receive queue of a Unix socket: looked at, taken, thrown away. Nothing here waits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "outcome.h"

namespace restart {

struct QueuedMessage {
  uint8_t* bytes;
  size_t room;
  // Where the descriptors go, with room for kMostDescriptors. Null throws them away.
  int* descriptors;
  // How many there were.
  int count = 0;
};

// One message. With `peek` it stays in the queue, and what comes out are duplicates. Returns the bytes of the
// message; -EMFILE if this process had no room for all its descriptors, -EMSGSIZE if `room` is too small:
// then none is left open, and without `peek` the message is gone.
int ReceiveQueued(int fd, bool peek, QueuedMessage* received);

// Where the next peek looks: 0 is the first message, and every peek moves on by what it read. -1 ends that.
Outcome SetPeekOffset(int fd, int offset);

// Asks for room for `bytes` of sent and not yet received messages, beyond net.core.wmem_max if the process
// may. Returns what the kernel granted.
Outcome SetSendBuffer(int fd, int bytes);

}  // namespace restart
