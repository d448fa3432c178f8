#include "io_counters.h"

#include <cerrno>

namespace tun {

void CountDrop(double* counters, int error) {
  counters[kWriteErrors] += 1;
  switch (error) {
    case EFAULT:
      counters[kDropOutside] += 1;
      break;
    case EBADMSG:
    case EINVAL:
      counters[kDropMalformed] += 1;
      break;
    case EIO:
      counters[kDropDown] += 1;
      break;
    case EOPNOTSUPP:
      counters[kDropUnsupported] += 1;
      break;
    case EBADFD:
      counters[kDropGone] += 1;
      break;
    default:
      counters[kDropOther] += 1;
  }
}

void CountBatchSize(double* counters, Counter first, uint32_t size) {
  const uint32_t bucket = 31 - static_cast<uint32_t>(__builtin_clz(size));
  counters[first + (bucket < 8 ? bucket : 8)] += 1;
}

void Written::Count(double* counters) const {
  if (packets == 0) return;
  counters[kBatchesOut] += 1;
  counters[kPacketsOut] += packets;
  counters[kBytesOut] += static_cast<double>(bytes);
  counters[kSuperPacketsOut] += super_packets;
  CountBatchSize(counters, kBatchSizesOut, packets);
}

}  // namespace tun
