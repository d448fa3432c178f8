// What a reservation asks for, and how it went, in memory that JavaScript and the addon share: a call without
// arguments saves about a microsecond of the ten that a reservation takes. One per environment.
#pragma once

#include <cstddef>
#include <cstdint>

#include "outcome.h"

namespace tfo_socket {

// Mirrored word by word in src/reservation/ask-kernel.ts.
struct RequestBlock {
  // 4 or 6; anything else is no address.
  uint32_t local_family;
  uint32_t remote_family;
  // Bound as it is; 0 picks from `ports`.
  uint32_t port;
  uint32_t ports;
  uint32_t remote_port;
  uint32_t mark;
  uint32_t shared;
  uint32_t udp;
  int32_t outcome[Outcome::kLength];
  uint8_t local[16];
  uint8_t remote[16];
  // Empty, or a name and its NUL.
  char device[16];
};

static_assert(sizeof(RequestBlock) == 88 && offsetof(RequestBlock, device) == 72);

}  // namespace tfo_socket
