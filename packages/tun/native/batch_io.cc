#include "batch_io.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "io_counters.h"
#include "ip_length.h"
#include "kernel_abi.h"

namespace tun {
namespace {

size_t AlignUp(size_t offset) { return (offset + kPacketAlignment - 1) & ~(kPacketAlignment - 1); }

void Describe(int32_t* words, size_t offset, size_t length) {
  std::memset(words, 0, kDescriptorWords * sizeof(int32_t));
  words[kOffset] = static_cast<int32_t>(offset);
  words[kLength] = static_cast<int32_t>(length);
}

void DescribeOffload(int32_t* words, const uint8_t* bytes) {
  VirtioNetHeader header;
  std::memcpy(&header, bytes, sizeof(header));
  words[kFlags] = header.flags;
  words[kGsoType] = header.gso_type;
  words[kHeaderLength] = header.hdr_len;
  words[kGsoSize] = header.gso_size;
  words[kChecksumStart] = header.csum_start;
  words[kChecksumOffset] = header.csum_offset;
}

bool FitsIn(int32_t word, uint32_t bits) { return (static_cast<uint32_t>(word) >> bits) == 0; }

bool PutVirtioHeader(const int32_t* words, uint8_t* bytes) {
  if (!FitsIn(words[kFlags], 8) || !FitsIn(words[kGsoType], 8) || !FitsIn(words[kHeaderLength], 16) ||
      !FitsIn(words[kGsoSize], 16) || !FitsIn(words[kChecksumStart], 16) ||
      !FitsIn(words[kChecksumOffset], 16)) {
    return false;
  }
  const VirtioNetHeader header = {
      .flags = static_cast<uint8_t>(words[kFlags]),
      .gso_type = static_cast<uint8_t>(words[kGsoType]),
      .hdr_len = static_cast<uint16_t>(words[kHeaderLength]),
      .gso_size = static_cast<uint16_t>(words[kGsoSize]),
      .csum_start = static_cast<uint16_t>(words[kChecksumStart]),
      .csum_offset = static_cast<uint16_t>(words[kChecksumOffset]),
  };
  std::memcpy(bytes, &header, sizeof(header));
  return true;
}

// 0 if the descriptor may be handed to the kernel. Whoever filled it in is not trusted: everything outside
// the slab stays out of reach.
int Check(const Batch& batch, const int32_t* words, size_t header_bytes) {
  const int64_t offset = words[kOffset];
  const int64_t length = words[kLength];
  if (offset < static_cast<int64_t>(header_bytes) || length < 0) return EFAULT;
  if (offset + length > static_cast<int64_t>(batch.slab_bytes)) return EFAULT;
  if (length > static_cast<int64_t>(kMaxPacketBytes)) return EMSGSIZE;
  if (!IsWhole(batch.slab + offset, static_cast<size_t>(length))) return EBADMSG;
  // Without a virtio header the kernel would take a super-packet or an unfinished checksum for a finished
  // packet, and nobody would hear of it.
  const bool unfinished =
      words[kGsoType] != VIRTIO_NET_HDR_GSO_NONE || (words[kFlags] & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0;
  if (header_bytes == 0 && unfinished) return EOPNOTSUPP;
  return 0;
}

ssize_t WriteOnce(int fd, const uint8_t* data, size_t length) {
  ssize_t written;
  do {
    written = ::write(fd, data, length);
  } while (written < 0 && errno == EINTR);
  return written;
}

}  // namespace

int32_t ReadBatch(int fd, bool virtio, const Batch& batch, Room room, double* counters) {
  const size_t header_bytes = virtio ? kVirtioHeaderBytes : 0;
  size_t offset = AlignUp(room.head);
  // A slab that was transferred away has no bytes left; without this it would read as an idle device.
  const bool usable = batch.capacity > 0 && offset + kMaxPacketBytes + room.tail <= batch.slab_bytes;
  if (room.head < header_bytes || !usable) return -EINVAL;
  uint64_t bytes = 0;
  uint32_t count = 0;
  int error = 0;

  while (count < batch.capacity && offset + kMaxPacketBytes + room.tail <= batch.slab_bytes) {
    uint8_t* start = batch.slab + offset - header_bytes;
    const ssize_t got = ::read(fd, start, header_bytes + kMaxPacketBytes);
    if (got < 0) {
      if (errno == EINTR) continue;
      error = errno;
      break;
    }
    if (static_cast<size_t>(got) < header_bytes) {
      error = EIO;
      break;
    }
    const size_t length = static_cast<size_t>(got) - header_bytes;
    int32_t* words = batch.descriptors + static_cast<size_t>(count) * kDescriptorWords;
    Describe(words, offset, length);
    if (virtio) DescribeOffload(words, start);
    if (words[kGsoType] != VIRTIO_NET_HDR_GSO_NONE) counters[kSuperPacketsIn] += 1;
    bytes += length;
    count += 1;
    offset = AlignUp(offset + length + room.tail + room.head);
  }

  if (error == EAGAIN) {
    counters[kReadAgain] += 1;
  } else if (error != 0) {
    counters[kReadErrors] += 1;
    if (count == 0) return -error;
  }
  if (count == 0) return 0;
  counters[kBatchesIn] += 1;
  counters[kPacketsIn] += count;
  counters[kBytesIn] += static_cast<double>(bytes);
  CountBatchSize(counters, kBatchSizesIn, count);
  return static_cast<int32_t>(count);
}

int32_t WriteBatch(int fd, bool virtio, const Batch& batch, uint32_t from, uint32_t count, double* counters) {
  if (count > batch.capacity) return -EINVAL;
  const size_t header_bytes = virtio ? kVirtioHeaderBytes : 0;
  Written written;
  uint32_t index = from;

  for (; index < count; index += 1) {
    int32_t* words = batch.descriptors + static_cast<size_t>(index) * kDescriptorWords;
    words[kStatus] = 0;
    if (words[kLength] == 0) continue;
    const bool super = words[kGsoType] != VIRTIO_NET_HDR_GSO_NONE;
    int error = Check(batch, words, header_bytes);
    if (error == 0) {
      uint8_t* start = batch.slab + words[kOffset] - header_bytes;
      if (virtio && !PutVirtioHeader(words, start)) {
        error = EBADMSG;
      } else if (WriteOnce(fd, start, header_bytes + static_cast<size_t>(words[kLength])) < 0) {
        error = errno;
      }
    }
    if (error == 0) {
      written.Add(static_cast<size_t>(words[kLength]), super);
      continue;
    }
    if (error == EAGAIN) {
      counters[kWriteAgain] += 1;
      break;
    }
    words[kStatus] = error;
    if (error == EINVAL && super) break;
    CountDrop(counters, error);
  }

  written.Count(counters);
  return static_cast<int32_t>(index);
}

}  // namespace tun
