// Datagrams of a UDP socket that several processes share, and the same datagrams on their way from one of
// these processes to another. Both have one form, a record, so that passing one on copies nothing:
//
//   byte 0         kind, 0 for a datagram that came from the socket
//   bytes 1 - 40   route: who sent it and to which of our addresses
//   from 41 on     payload
//
// A route is 4 or 6 (family of the socket), 0, the peer's port (2 bytes), the interface of a link-local peer
// (4), the peer's address (16), our address (16, all 0 if unknown); network byte order, IPv4 as
// ::ffff:a.b.c.d.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "outcome.h"

namespace restart {

inline constexpr size_t kRouteBytes = 40;
inline constexpr size_t kRecordHeaderBytes = 1 + kRouteBytes;
inline constexpr size_t kMostRecords = 64;

// Equally large rooms for records, one behind the other.
struct RecordSlab {
  uint8_t* bytes;
  size_t slot_size;
  // Of each record; 0 or more.
  int32_t* lengths;
  // At most kMostRecords.
  size_t count;
};

// Makes the kernel tell to which local address a datagram came. ENOTSOCK, EPROTOTYPE: it is no UDP socket.
Outcome PrepareDatagrams(int fd);

// What the kernel granted, which is twice what was asked for (socket(7)); beyond net.core.rmem_max if the
// process may.
Outcome SetReceiveBuffer(int fd, int bytes);

// Datagrams that the kernel threw away because the socket's buffer was full. Requires Linux 4.12.
Outcome DroppedDatagrams(int fd, uint32_t* dropped);

// How many records there are now, or -errno. Never waits.
int ReceiveDatagrams(int fd, const RecordSlab& slab);

// From the address that the peer wrote to. Bytes sent, or -errno. Never waits.
ssize_t SendDatagram(int fd, const uint8_t* route, uint8_t* payload, size_t length);

// The same for records on a Unix socket that keeps message boundaries. A record of 0 bytes is the end.
int ReceiveRecords(int fd, const RecordSlab& slab);

// `spans` are pairs of offset and length in `bytes`. How many went, or -errno if not even the first did.
int SendRecords(int fd, uint8_t* bytes, const int32_t* spans, size_t count);

}  // namespace restart
