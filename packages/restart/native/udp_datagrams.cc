#include "udp_datagrams.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace restart {

namespace {

// linux/sock_diag.h and linux/socket.h, which old build headers lack.
constexpr int kSoMemInfo = 55;
constexpr size_t kMemInfoDrops = 8;
constexpr size_t kMemInfoWords = 9;

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

union Control {
  cmsghdr align;
  char bytes[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo))];
};

void WriteMapped(uint8_t* out, const in_addr& address) {
  std::memset(out, 0, 10);
  out[10] = out[11] = 0xff;
  std::memcpy(out + 12, &address, sizeof(address));
}

void WriteLocal(uint8_t* out, msghdr& message) {
  std::memset(out, 0, sizeof(in6_addr));
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      // Not the one in the header, which may be a broadcast address that nobody can send from.
      WriteMapped(out, info.ipi_spec_dst);
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(part), sizeof(info));
      if (!IN6_IS_ADDR_MULTICAST(&info.ipi6_addr)) std::memcpy(out, &info.ipi6_addr, sizeof(in6_addr));
    }
  }
}

void WriteRoute(uint8_t* out, const SocketAddress& peer, msghdr& message) {
  const bool v6 = peer.any.sa_family == AF_INET6;
  std::memset(out, 0, 8);
  out[0] = v6 ? 6 : 4;
  if (v6) {
    const uint32_t scope = htonl(peer.v6.sin6_scope_id);
    std::memcpy(out + 2, &peer.v6.sin6_port, 2);
    std::memcpy(out + 4, &scope, 4);
    std::memcpy(out + 8, &peer.v6.sin6_addr, 16);
  } else {
    std::memcpy(out + 2, &peer.v4.sin_port, 2);
    WriteMapped(out + 8, peer.v4.sin_addr);
  }
  WriteLocal(out + 24, message);
}

socklen_t ReadPeer(const uint8_t* route, SocketAddress* peer) {
  std::memset(peer, 0, sizeof(*peer));
  if (route[0] == 4) {
    peer->v4.sin_family = AF_INET;
    std::memcpy(&peer->v4.sin_port, route + 2, 2);
    std::memcpy(&peer->v4.sin_addr, route + 8 + 12, 4);
    return sizeof(peer->v4);
  }
  uint32_t scope;
  std::memcpy(&scope, route + 4, 4);
  peer->v6.sin6_family = AF_INET6;
  peer->v6.sin6_scope_id = ntohl(scope);
  std::memcpy(&peer->v6.sin6_port, route + 2, 2);
  std::memcpy(&peer->v6.sin6_addr, route + 8, 16);
  return sizeof(peer->v6);
}

template <typename Info>
void AddControl(msghdr* message, Control* control, int level, int type, const Info& info) {
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(sizeof(info));
  cmsghdr* part = CMSG_FIRSTHDR(message);
  part->cmsg_level = level;
  part->cmsg_type = type;
  part->cmsg_len = CMSG_LEN(sizeof(info));
  std::memcpy(CMSG_DATA(part), &info, sizeof(info));
}

void SetSource(const uint8_t* route, msghdr* message, Control* control) {
  static const uint8_t kUnknown[16] = {};
  const uint8_t* local = route + 24;
  if (std::memcmp(local, kUnknown, sizeof(kUnknown)) == 0) return;
  if (route[0] == 4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, local + 12, 4);
    AddControl(message, control, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    // Of a dual-stack socket the kernel takes an IPv4 address in this form too (net/ipv4/ip_sockglue.c).
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, local, 16);
    AddControl(message, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

int ReceiveMany(int fd, mmsghdr* messages, size_t count) {
  int received;
  do {
    received = ::recvmmsg(fd, messages, static_cast<unsigned>(count), MSG_DONTWAIT, nullptr);
  } while (received < 0 && errno == EINTR);
  return received >= 0 ? received : -errno;
}

}  // namespace

Outcome PrepareDatagrams(int fd) {
  int domain = 0;
  int protocol = 0;
  socklen_t size = sizeof(int);
  if (::getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0 ||
      ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) {
    return Outcome::Failed("getsockopt");
  }
  if (protocol != IPPROTO_UDP) return Outcome::Failed("getsockopt(SO_PROTOCOL)", EPROTOTYPE);
  const int on = 1;
  const bool v6 = domain == AF_INET6;
  return Outcome::FromCall(
      ::setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVPKTINFO : IP_PKTINFO, &on, sizeof(on)),
      "setsockopt(PKTINFO)");
}

Outcome SetReceiveBuffer(int fd, int bytes) {
  // Where it is not allowed the kernel caps what is asked for, and that is told.
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0 &&
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)) != 0) {
    return Outcome::Failed("setsockopt(SO_RCVBUF)");
  }
  int granted = 0;
  socklen_t size = sizeof(granted);
  if (::getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &size) != 0) {
    return Outcome::Failed("getsockopt(SO_RCVBUF)");
  }
  return Outcome::Of(granted);
}

Outcome DroppedDatagrams(int fd, uint32_t* dropped) {
  uint32_t words[kMemInfoWords] = {};
  socklen_t size = sizeof(words);
  if (::getsockopt(fd, SOL_SOCKET, kSoMemInfo, words, &size) != 0) {
    return Outcome::Failed("getsockopt(SO_MEMINFO)");
  }
  *dropped = words[kMemInfoDrops];
  return Outcome::Of(0);
}

int ReceiveDatagrams(int fd, const RecordSlab& slab) {
  mmsghdr messages[kMostRecords];
  iovec vectors[kMostRecords];
  SocketAddress peers[kMostRecords];
  Control controls[kMostRecords];
  for (size_t i = 0; i < slab.count; i++) {
    vectors[i] = {slab.bytes + i * slab.slot_size + kRecordHeaderBytes, slab.slot_size - kRecordHeaderBytes};
    messages[i] = {};
    messages[i].msg_hdr.msg_name = &peers[i];
    messages[i].msg_hdr.msg_namelen = sizeof(peers[i]);
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_control = &controls[i];
    messages[i].msg_hdr.msg_controllen = sizeof(controls[i]);
  }
  const int received = ReceiveMany(fd, messages, slab.count);
  for (int i = 0; i < received; i++) {
    uint8_t* record = slab.bytes + static_cast<size_t>(i) * slab.slot_size;
    record[0] = 0;
    WriteRoute(record + 1, peers[i], messages[i].msg_hdr);
    slab.lengths[i] = static_cast<int32_t>(kRecordHeaderBytes + messages[i].msg_len);
  }
  return received;
}

ssize_t SendDatagram(int fd, const uint8_t* route, uint8_t* payload, size_t length) {
  SocketAddress peer;
  Control control{};
  iovec vector{payload, length};
  msghdr message{};
  message.msg_name = &peer;
  message.msg_namelen = ReadPeer(route, &peer);
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  SetSource(route, &message, &control);
  ssize_t sent;
  do {
    sent = ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0 ? sent : -errno;
}

int ReceiveRecords(int fd, const RecordSlab& slab) {
  mmsghdr messages[kMostRecords];
  iovec vectors[kMostRecords];
  for (size_t i = 0; i < slab.count; i++) {
    vectors[i] = {slab.bytes + i * slab.slot_size, slab.slot_size};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int received = ReceiveMany(fd, messages, slab.count);
  for (int i = 0; i < received; i++) slab.lengths[i] = static_cast<int32_t>(messages[i].msg_len);
  return received;
}

int SendRecords(int fd, uint8_t* bytes, const int32_t* spans, size_t count) {
  mmsghdr messages[kMostRecords];
  iovec vectors[kMostRecords];
  for (size_t i = 0; i < count; i++) {
    vectors[i] = {bytes + spans[2 * i], static_cast<size_t>(spans[2 * i + 1])};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int sent;
  do {
    sent = ::sendmmsg(fd, messages, static_cast<unsigned>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0 ? sent : -errno;
}

}  // namespace restart
