#include "plan_io.h"

#include <sys/uio.h>

#include <cerrno>

#include "io_counters.h"
#include "ip_length.h"
#include "kernel_abi.h"

namespace tun {
namespace {

// Segments the kernel allows a UDP super-packet (UDP_MAX_SEGMENTS), and more than a TCP one of 64 KiB has.
constexpr size_t kMaxPieces = 128;

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
