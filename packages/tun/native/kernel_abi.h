// The part of the kernel's TUN interface used here, spelled as the kernel spells it. What linux/virtio_net.h
// has is repeated because that header is not C++ (a member is called `class`) and because build headers lag
// the running kernel; the values have been fixed since they were published. The flags of TUNSETIFF and
// TUNSETOFFLOAD are chosen, and therefore spelled, in src/kernel-abi.ts.
#pragma once

#include <linux/if_tun.h>

#include <cstddef>
#include <cstdint>

// Linux 4.20 and 5.2.
#ifndef TUNSETCARRIER
#define TUNSETCARRIER _IOW('T', 226, int)
#endif
#ifndef TUNGETDEVNETNS
#define TUNGETDEVNETNS _IO('T', 227)
#endif

namespace tun {

inline constexpr uint8_t VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
inline constexpr uint8_t VIRTIO_NET_HDR_GSO_NONE = 0;

// struct virtio_net_hdr. The byte order is the host's unless TUNSETVNETLE or TUNSETVNETBE said otherwise,
// and nobody here does.
struct VirtioNetHeader {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t hdr_len;
  uint16_t gso_size;
  uint16_t csum_start;
  uint16_t csum_offset;
};
static_assert(sizeof(VirtioNetHeader) == 10);

inline constexpr size_t kVirtioHeaderBytes = sizeof(VirtioNetHeader);
// The 16-bit length field of IPv4, and the largest packet a TUN device takes or gives.
inline constexpr size_t kMaxPacketBytes = 65535;

}  // namespace tun
