// The ways to hold a name in the socket table. Each returns a descriptor or -errno and fills an Outcome.
#pragma once

#include <string>

#include "outcome.h"
#include "request_block.h"

namespace tfo_socket {

// The value of IP_LOCAL_PORT_RANGE: first port in the low half, last port in the high half.
using PackedRange = uint32_t;

// What the kinds that have them share. Mark 0 and an empty device are what a socket starts with.
struct Ownership {
  uint32_t mark = 0;
  std::string device;
  // SO_REUSEADDR: others that set it too may have the name as well, as far as the kernel lets them.
  bool shared = false;
};

int ReserveTuple(const RequestBlock& block, const Ownership& ownership, Outcome& outcome);

// Is never shared, and picks or judges.
int ReserveRepair(const RequestBlock& block, const Ownership& ownership, Outcome& outcome);

int ReservePort(const RequestBlock& block, const Ownership& ownership, Outcome& outcome);

// The id stands in `port`.
int ReserveEchoId(const RequestBlock& block, const Ownership& ownership, Outcome& outcome);

}  // namespace tfo_socket
