// The one look into a packet that the addon takes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tun {

inline constexpr size_t kIpv4HeaderBytes = 20;
inline constexpr size_t kIpv6HeaderBytes = 40;

// Whether the header of a packet fits the packet. The kernel takes others too, and drops them where nobody
// hears of it.
inline bool IsWhole(const uint8_t* packet, size_t length) {
  if (length < kIpv4HeaderBytes) return false;
  if (packet[0] >> 4 == 4) {
    const size_t header = static_cast<size_t>(packet[0] & 0x0f) * 4;
    const size_t total = static_cast<size_t>(packet[2] << 8 | packet[3]);
    return header >= kIpv4HeaderBytes && header <= total && total <= length;
  }
  if (packet[0] >> 4 != 6 || length < kIpv6HeaderBytes) return false;
  return static_cast<size_t>(packet[4] << 8 | packet[5]) + kIpv6HeaderBytes <= length;
}

}  // namespace tun
