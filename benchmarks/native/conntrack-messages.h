// What the conntrack programs here share: the entries that all sides make, and the messages for them.
//
// Entry `index` is 100.64.0.1 + index % 4093, port 1024 + index / 4093, to 198.18.0.1 + index * 7919 % 20011,
// port 443: TCP, ESTABLISHED, assured, mark 1. entries.mjs says the same in JavaScript.
#pragma once

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Build headers that define no SOL_NETLINK are older than the option.
#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

enum { CLIENTS = 4093, SERVERS = 20011, SERVER_STEP = 7919, TIMEOUT_SECONDS = 3600 };
enum { PER_DATAGRAM = 128, MESSAGE_BYTES = 192, RECEIVE_BYTES = 1 << 16 };

static char datagram[PER_DATAGRAM * MESSAGE_BYTES] __attribute__((aligned(4)));
static char received[RECEIVE_BYTES] __attribute__((aligned(4)));
static uint32_t sequence;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int open_netlink(int receive_buffer_bytes, uint32_t groups) {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = groups};
  // Errors do not repeat the request.
  const int one = 1;
  // The kernel doubles what it is told.
  const int half = receive_buffer_bytes / 2;
  if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
      setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one) != 0)
    die("netlink");
  // Without root of the machine it is at most net.core.rmem_max.
  if (half > 0 && setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &half, sizeof half) != 0 &&
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &half, sizeof half) != 0)
    die("netlink");
  return fd;
}

static char *put(char *at, uint16_t type, const void *value, uint16_t bytes) {
  const struct nlattr header = {.nla_len = (uint16_t)(NLA_HDRLEN + bytes), .nla_type = type};
  memcpy(at, &header, sizeof header);
  memset(at + NLA_HDRLEN, 0, NLA_ALIGN(bytes));
  memcpy(at + NLA_HDRLEN, value, bytes);
  return at + NLA_HDRLEN + NLA_ALIGN(bytes);
}

static char *put32(char *at, uint16_t type, uint32_t value) {
  value = htonl(value);
  return put(at, type, &value, sizeof value);
}

static char *put16(char *at, uint16_t type, uint16_t value) {
  value = htons(value);
  return put(at, type, &value, sizeof value);
}

static char *put8(char *at, uint16_t type, uint8_t value) { return put(at, type, &value, sizeof value); }

static char *begin(char *at, uint16_t type) {
  const struct nlattr header = {.nla_type = (uint16_t)(type | NLA_F_NESTED)};
  memcpy(at, &header, sizeof header);
  return at + NLA_HDRLEN;
}

static void end(char *nest, const char *at) {
  const uint16_t bytes = (uint16_t)(at - nest);
  memcpy(nest, &bytes, sizeof bytes);
}

static char *put_tuple(char *at, uint16_t type, uint32_t source, uint32_t destination, uint16_t source_port,
                       uint16_t destination_port) {
  char *const tuple = at;
  char *const ip = at = begin(at, type);
  at = put32(begin(at, CTA_TUPLE_IP), CTA_IP_V4_SRC, source);
  at = put32(at, CTA_IP_V4_DST, destination);
  end(ip, at);
  char *const protocol = at;
  at = put8(begin(at, CTA_TUPLE_PROTO), CTA_PROTO_NUM, IPPROTO_TCP);
  at = put16(at, CTA_PROTO_SRC_PORT, source_port);
  at = put16(at, CTA_PROTO_DST_PORT, destination_port);
  end(protocol, at);
  end(tuple, at);
  return at;
}

static char *begin_message(char *at, uint16_t type, uint16_t flags) {
  const struct nlmsghdr header = {
      .nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type),
      .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
      .nlmsg_seq = ++sequence,
  };
  const struct nfgenmsg family = {.nfgen_family = AF_INET};
  memcpy(at, &header, sizeof header);
  memcpy(at + NLMSG_HDRLEN, &family, sizeof family);
  return at + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof family);
}

static void end_message(char *message, const char *at) {
  const uint32_t bytes = (uint32_t)(at - message);
  memcpy(message, &bytes, sizeof bytes);
}

static uint32_t client_of(uint32_t index) { return 0x64400001u + index % CLIENTS; }
static uint16_t port_of(uint32_t index) { return (uint16_t)(1024 + index / CLIENTS); }
static uint32_t server_of(uint32_t index) {
  return 0xc6120001u + (uint32_t)((uint64_t)index * SERVER_STEP % SERVERS);
}

// 164 bytes.
static char *put_create(char *message, uint32_t index, uint16_t flags) {
  const uint32_t client = client_of(index), server = server_of(index);
  const uint16_t port = port_of(index);
  char *at = begin_message(message, IPCTNL_MSG_CT_NEW, (uint16_t)(NLM_F_CREATE | NLM_F_EXCL | flags));
  at = put_tuple(at, CTA_TUPLE_ORIG, client, server, port, 443);
  at = put_tuple(at, CTA_TUPLE_REPLY, server, client, 443, port);
  at = put32(at, CTA_TIMEOUT, TIMEOUT_SECONDS);
  at = put32(at, CTA_STATUS, IPS_CONFIRMED | IPS_SEEN_REPLY | IPS_ASSURED);
  at = put32(at, CTA_MARK, 1);
  char *const info = at;
  char *const tcp = at = begin(at, CTA_PROTOINFO);
  at = put8(begin(at, CTA_PROTOINFO_TCP), CTA_PROTOINFO_TCP_STATE, TCP_CONNTRACK_ESTABLISHED);
  end(tcp, at);
  end(info, at);
  end_message(message, at);
  return at;
}

static char *put_delete(char *message, uint32_t index, uint16_t flags) {
  char *at = begin_message(message, IPCTNL_MSG_CT_DELETE, flags);
  at = put_tuple(at, CTA_TUPLE_ORIG, client_of(index), server_of(index), port_of(index), 443);
  end_message(message, at);
  return at;
}

static void send_all(int fd, const char *bytes, size_t length) {
  if (send(fd, bytes, length, 0) != (ssize_t)length) die("send");
}

// Reads until the message with the last number is acknowledged. Nothing may be refused.
static void await_acknowledgement(int fd) {
  for (;;) {
    const ssize_t bytes = recv(fd, received, sizeof received, 0);
    if (bytes < 0) die("recv");
    unsigned left = (unsigned)bytes;
    for (const struct nlmsghdr *header = (const void *)received; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type != NLMSG_ERROR) continue;
      const struct nlmsgerr *const error = NLMSG_DATA(header);
      if (error->error != 0) {
        errno = -error->error;
        die("the kernel refused");
      }
      if (header->nlmsg_seq == sequence) return;
    }
  }
}

typedef char *put_entry(char *message, uint32_t index, uint16_t flags);

// Datagrams of PER_DATAGRAM messages; only the last of each asks for an acknowledgement.
static void batches(int fd, put_entry *put_each, uint32_t first, uint32_t count) {
  for (uint32_t done = 0; done < count;) {
    char *at = datagram;
    for (uint32_t i = 0; i < PER_DATAGRAM && done < count; i++, done++) {
      const bool is_last = i == PER_DATAGRAM - 1 || done == count - 1;
      at = put_each(at, first + done, is_last ? NLM_F_ACK : 0);
    }
    send_all(fd, datagram, (size_t)(at - datagram));
    await_acknowledgement(fd);
  }
}
