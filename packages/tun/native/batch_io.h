// Batches of packets between a TUN descriptor and a slab. No JavaScript in here: memory, system calls and
// counters only, so that it can be compiled and fuzzed alone.
//
// Slab layout: packet after packet, each starting on a 64-byte boundary of the slab, with at least `headroom`
// bytes before its IP header and `tailroom` behind its end. The virtio header of a queue that has one lives
// in the last ten bytes of the headroom. The same layout is written by PacketBatch.append() in TypeScript.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tun {

// Words of one descriptor; DESCRIPTOR in src/batch/descriptor.ts is the public name of each.
enum Word : uint32_t {
  kOffset,
  kLength,
  kFlags,
  kGsoType,
  kHeaderLength,
  kGsoSize,
  kChecksumStart,
  kChecksumOffset,
  kStatus,
  kUser,
  kDescriptorWords,
};

inline constexpr size_t kPacketAlignment = 64;

// Memory lent for the length of one call.
struct Batch {
  uint8_t* slab;
  size_t slab_bytes;
  int32_t* descriptors;
  uint32_t capacity;  // in packets
};

struct Room {
  uint32_t head;
  uint32_t tail;
};

// Reads until the descriptor has nothing more, the descriptors are used up, or the rest of the slab could
// not hold a packet of maximum size. Returns the packets read, or -errno if the first read failed for
// another reason than EAGAIN; a later failure is left to the next call, which will meet it first.
int32_t ReadBatch(int fd, bool virtio, const Batch& batch, Room room, double* counters);

// Writes packets from..count-1 in order and gives each a status: 0, or the errno for which it was refused.
// Returns `count`, or the index at which it stopped: at a packet of status 0 because of EAGAIN; at a
// super-packet of status EINVAL so that whoever wants to send it as segments does that before the next one.
int32_t WriteBatch(int fd, bool virtio, const Batch& batch, uint32_t from, uint32_t count, double* counters);

}  // namespace tun
