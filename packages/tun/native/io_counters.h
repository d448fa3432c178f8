// What batch_io and plan_io count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tun {

// Slots of the counter array; TUN_COUNTER in src/queue/tun-counter.ts is the public name of each.
enum Counter : uint32_t {
  kPacketsIn,
  kBytesIn,
  kPacketsOut,
  kBytesOut,
  kBatchesIn,
  kBatchesOut,
  kReadAgain,
  kWriteAgain,
  kWriteErrors,
  kReadErrors,
  kSuperPacketsIn,
  kSuperPacketsOut,
  kDropOutside,
  kDropMalformed,
  kDropDown,
  kDropUnsupported,
  kDropGone,
  kDropOther,
  // Five slots in between are raised in TypeScript.
  kBatchSizesIn = kDropOther + 6,
  kBatchSizesOut = kBatchSizesIn + 9,
  kCounters = kBatchSizesOut + 9,
};

// A packet that was refused with this errno.
void CountDrop(double* counters, int error);

// `first` is kBatchSizesIn or kBatchSizesOut; `size` is not 0.
void CountBatchSize(double* counters, Counter first, uint32_t size);

// What one call wrote, added to the counters when it ends.
struct Written {
  uint64_t bytes = 0;
  uint32_t packets = 0;
  uint32_t super_packets = 0;

  void Add(size_t length, bool super) {
    bytes += length;
    packets += 1;
    super_packets += super;
  }

  void Count(double* counters) const;
};

}  // namespace tun
