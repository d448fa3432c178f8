// The ways to hold a name in the socket table. Each returns a descriptor or -errno and fills an Outcome.
#pragma once

#include <string>

#include "outcome.h"

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

// Port 0 lets the kernel pick from `ports`, or judge the one port that they are. Any other is bound as it is.
struct LocalPort {
  uint16_t port = 0;
  PackedRange ports = 0;
};

int ReserveTuple(const std::string& address, LocalPort local_port, const std::string& remote_address,
                 uint16_t remote_port, const Ownership& ownership, Outcome& outcome);

// Is never shared, and picks or judges.
int ReserveRepair(const std::string& address, PackedRange ports, const std::string& remote_address,
                  uint16_t remote_port, const Ownership& ownership, Outcome& outcome);

int ReservePort(bool udp, const std::string& address, LocalPort local_port, const Ownership& ownership,
                Outcome& outcome);

int ReserveEchoId(const std::string& address, uint16_t id, const Ownership& ownership, Outcome& outcome);

}  // namespace tfo_socket
