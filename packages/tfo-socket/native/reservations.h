// The three ways to hold a name in the socket table. Each returns a descriptor or -errno and fills an
// Outcome.
#pragma once

#include <string>

#include "outcome.h"

namespace tfo_socket {

// The value of IP_LOCAL_PORT_RANGE: first port in the low half, last port in the high half.
using PackedRange = uint32_t;

int ReserveTuple(const std::string& address, PackedRange ports, const std::string& remote_address,
                 uint16_t remote_port, uint32_t mark, const std::string& device, Outcome& outcome);

// Port 0 lets the kernel pick from `ports`; any other is bound as it is, and `ports` is not looked at.
int ReservePort(bool udp, const std::string& address, uint16_t port, PackedRange ports, uint32_t mark,
                const std::string& device, Outcome& outcome);

int ReserveEchoId(const std::string& address, uint16_t id, uint32_t mark, Outcome& outcome);

}  // namespace tfo_socket
