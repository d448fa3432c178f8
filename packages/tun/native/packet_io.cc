#include "packet_io.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kernel_abi.h"

namespace tun {
namespace {

constexpr size_t kIpv4HeaderBytes = 20;
constexpr size_t kIpv6HeaderBytes = 40;
// Segments the kernel allows a UDP super-packet (UDP_MAX_SEGMENTS), and more than a TCP one of 64 KiB has.
constexpr size_t kMaxPieces = 128;

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

// Whether the header of a packet fits the packet. The kernel takes others too, and drops them where nobody
// hears of it.
bool IsWhole(const uint8_t* packet, size_t length) {
  if (length < kIpv4HeaderBytes) return false;
  if (packet[0] >> 4 == 4) return static_cast<size_t>(packet[2] << 8 | packet[3]) <= length;
  if (packet[0] >> 4 != 6 || length < kIpv6HeaderBytes) return false;
  return static_cast<size_t>(packet[4] << 8 | packet[5]) + kIpv6HeaderBytes <= length;
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

  void Count(double* counters) const {
    if (packets == 0) return;
    counters[kBatchesOut] += 1;
    counters[kPacketsOut] += packets;
    counters[kBytesOut] += static_cast<double>(bytes);
    counters[kSuperPacketsOut] += super_packets;
    CountBatchSize(counters, kBatchSizesOut, packets);
  }
};

ssize_t WriteOnce(int fd, const uint8_t* data, size_t length) {
  ssize_t written;
  do {
    written = ::write(fd, data, length);
  } while (written < 0 && errno == EINTR);
  return written;
}

ssize_t WriteOnce(int fd, const iovec* parts, int count) {
  ssize_t written;
  do {
    written = ::writev(fd, parts, count);
  } while (written < 0 && errno == EINTR);
  return written;
}

// The pieces of one output; as many as a super-packet can have, and short of IOV_MAX.
struct Gather {
  iovec parts[kMaxPieces + 1];
  int count = 0;
  size_t bytes = 0;

  void Add(const uint8_t* data, size_t length) {
    parts[count] = {const_cast<uint8_t*>(data), length};
    count += 1;
    bytes += length;
  }
};

// 0, or why the output cannot be handed to the kernel. A plan made by somebody else than planMerge() must not
// reach outside the memory it came with either, nor run in a circle.
int Collect(const Plan& plan, const int32_t* words, Gather* gather) {
  const int64_t header = words[kHeader];
  const int64_t header_bytes = words[kHeaderBytes];
  if (header < 0 || header_bytes < static_cast<int64_t>(kVirtioHeaderBytes)) return EFAULT;
  if (header + header_bytes > static_cast<int64_t>(plan.header_bytes)) return EFAULT;
  gather->Add(plan.headers + header, static_cast<size_t>(header_bytes));
  for (int64_t piece = words[kFirstPiece]; piece != -1;) {
    if (piece < 0 || piece >= plan.piece_capacity) return EFAULT;
    if (gather->count > static_cast<int>(kMaxPieces)) return EMSGSIZE;
    const int32_t* part = plan.pieces + static_cast<size_t>(piece) * kPieceWords;
    const int64_t offset = part[kPieceOffset];
    const int64_t length = part[kPieceBytes];
    if (offset < 0 || length < 0 || offset + length > static_cast<int64_t>(plan.slab_bytes)) return EFAULT;
    gather->Add(plan.slab + offset, static_cast<size_t>(length));
    piece = part[kNextPiece];
  }
  if (gather->bytes > kVirtioHeaderBytes + kMaxPacketBytes) return EMSGSIZE;
  // An output that is one packet of the batch has its header in the slab.
  if (header_bytes == static_cast<int64_t>(kVirtioHeaderBytes)) {
    if (gather->count != 2) return EBADMSG;
    const uint8_t* packet = static_cast<const uint8_t*>(gather->parts[1].iov_base);
    if (!IsWhole(packet, gather->parts[1].iov_len)) return EBADMSG;
  }
  return 0;
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

int32_t WriteGathered(int fd, const Plan& plan, uint32_t from, uint32_t count, double* counters) {
  if (count > plan.output_capacity) return -EINVAL;
  Written written;
  uint32_t index = from;

  for (; index < count; index += 1) {
    int32_t* words = plan.outputs + static_cast<size_t>(index) * kOutputWords;
    words[kOutputStatus] = 0;
    Gather gather;
    int error = Collect(plan, words, &gather);
    const bool super = error == 0 && plan.headers[words[kHeader] + 1] != VIRTIO_NET_HDR_GSO_NONE;
    if (error == 0 && WriteOnce(fd, gather.parts, gather.count) < 0) error = errno;
    if (error == 0) {
      written.Add(gather.bytes - kVirtioHeaderBytes, super);
      continue;
    }
    if (error == EAGAIN) {
      counters[kWriteAgain] += 1;
      break;
    }
    words[kOutputStatus] = error;
    if (error == EINVAL && super) break;
    CountDrop(counters, error);
  }

  written.Count(counters);
  return static_cast<int32_t>(index);
}

}  // namespace tun
