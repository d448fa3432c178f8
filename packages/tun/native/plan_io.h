// Merge plans written to a TUN descriptor: each output is gathered from where its pieces lie. No JavaScript
// in here either.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tun {

// Words of a merge plan: OUTPUT and PIECE in src/offload/plan-words.ts are the public names.
enum OutputWord : uint32_t { kHeader, kHeaderBytes, kFirstPiece, kOutputStatus, kOutputWords };
enum PieceWord : uint32_t { kPieceOffset, kPieceBytes, kNextPiece, kPieceWords };

// What leaves as one packet: header memory, and behind it a chain of pieces of the slab.
struct Plan {
  const uint8_t* slab;
  size_t slab_bytes;
  uint8_t* headers;
  size_t header_bytes;
  int32_t* outputs;
  uint32_t output_capacity;
  const int32_t* pieces;
  uint32_t piece_capacity;
};

// The same as WriteBatch for outputs from..count-1 of a plan; every header begins with a virtio header.
int32_t WriteGathered(int fd, const Plan& plan, uint32_t from, uint32_t count, double* counters);

}  // namespace tun
