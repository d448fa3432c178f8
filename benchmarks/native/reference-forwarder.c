// The opponent of fish: what its forwarding loop costs when it is written in C.
//
//   reference-forwarder DEVICE SLICE_ADDRESS FIRST_PORT LAST_PORT
//
// Opens DEVICE with the offloads fish asks for, and translates between clients and one slice in the same
// system calls per packet: wait, read packets until the device is empty or the slab full, rewrite them where
// they lie, write them one by one. What fish does beside that is left out on purpose: no reservations,
// quotas, timers, ICMP.
//
// Prints "ready" once the device exists, and what it counted when SIGTERM ends it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

// Build headers older than Linux 6.2 lack them.
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

// The dimensions of fish's batch, so that neither side gets more packets out of one wake-up.
enum {
  BATCH_PACKETS = 256,
  SLAB_BYTES = 1 << 20,
  ALIGNMENT = 64,
  HEADROOM = 64,
  MAX_PACKET = 65535,
  VIRTIO_BYTES = sizeof(struct virtio_net_hdr),
};

// A power of two, and twice the ports a slice can have, so that probing ends soon and always.
enum { TABLE_SIZE = 1 << 17, TABLE_MASK = TABLE_SIZE - 1, PORTS = 1 << 16 };

// Addresses and ports stay in network byte order everywhere but in arithmetic on ports.
struct mapping {
  uint32_t client;
  uint16_t client_port;
  uint16_t slice_port;
  uint8_t protocol;  // 0: empty
};

struct translator {
  uint32_t slice;
  uint16_t first, last;
  struct mapping out[TABLE_SIZE];        // found by protocol and client
  const struct mapping *back[2][PORTS];  // found by protocol and slice port
};

struct packet {
  struct virtio_net_hdr *virtio;
  struct iphdr *ip;
  size_t bytes;
};

static struct translator translator;
static uint8_t slab[SLAB_BYTES] __attribute__((aligned(4096)));
static struct packet packets[BATCH_PACKETS];
static uint64_t forwarded, dropped, refused, batches;
static volatile sig_atomic_t stopping;

static void die(const char *what) {
  perror(what);
  exit(1);
}

// RFC 1624, equation 3, on the complement: `sum` is an unfolded sum without the final inversion.
static uint16_t fold(uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

static uint32_t change16(uint16_t before, uint16_t after) { return (uint16_t)~before + (uint32_t)after; }

static uint32_t change32(uint32_t before, uint32_t after) {
  return change16(before & 0xffff, after & 0xffff) + change16(before >> 16, after >> 16);
}

static uint32_t hash(uint8_t protocol, uint32_t client, uint16_t port) {
  const uint64_t key = ((uint64_t)client << 24) ^ ((uint64_t)port << 8) ^ protocol;
  return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 40) & TABLE_MASK;
}

static const struct mapping **way_back(uint8_t protocol, uint16_t slice_port) {
  return &translator.back[protocol == IPPROTO_TCP][ntohs(slice_port)];
}

// Finds the mapping of a client's port or makes it. NULL: the slice is full.
static const struct mapping *map_out(uint8_t protocol, uint32_t client, uint16_t port) {
  uint32_t slot = hash(protocol, client, port);
  struct mapping *mapping = &translator.out[slot];
  while (mapping->protocol != 0) {
    if (mapping->protocol == protocol && mapping->client == client && mapping->client_port == port)
      return mapping;
    slot = (slot + 1) & TABLE_MASK;
    mapping = &translator.out[slot];
  }
  const uint32_t ports = (uint32_t)translator.last - translator.first + 1;
  for (uint32_t tried = 0; tried < ports; tried++) {
    const uint16_t candidate = htons((uint16_t)(translator.first + (slot + tried) % ports));
    const struct mapping **back = way_back(protocol, candidate);
    if (*back != NULL) continue;
    *mapping = (struct mapping){client, port, candidate, protocol};
    *back = mapping;
    return mapping;
  }
  return NULL;
}

// The bytes of IP and transport header that are there, or NULL if the packet is not one to be translated. A
// fragment is none: only its first piece has ports.
static void *transport_of(const struct packet *packet) {
  const struct iphdr *ip = packet->ip;
  if (packet->bytes < sizeof *ip || ip->version != 4 || ip->ihl < 5) return NULL;
  if (ntohs(ip->tot_len) > packet->bytes) return NULL;
  if ((ip->frag_off & htons(IP_MF | IP_OFFMASK)) != 0) return NULL;
  size_t needed = ip->ihl * 4u;
  if (ip->protocol == IPPROTO_TCP)
    needed += sizeof(struct tcphdr);
  else if (ip->protocol == IPPROTO_UDP)
    needed += sizeof(struct udphdr);
  else
    return NULL;
  return needed <= packet->bytes ? (uint8_t *)packet->ip + ip->ihl * 4u : NULL;
}

static void replace(const struct packet *packet, uint32_t *address, uint16_t *port, uint32_t new_address,
                    uint16_t new_port) {
  struct iphdr *ip = packet->ip;
  void *transport = (uint8_t *)ip + ip->ihl * 4u;
  const bool tcp = ip->protocol == IPPROTO_TCP;
  uint16_t *check = tcp ? &((struct tcphdr *)transport)->check : &((struct udphdr *)transport)->check;
  const uint32_t address_change = change32(*address, new_address);
  const uint32_t port_change = change16(*port, new_port);

  ip->check = (uint16_t)~fold((uint16_t)~ip->check + address_change);
  if ((packet->virtio->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
    // So far it is only the sum of the pseudo-header, not inverted, and ports are no part of that.
    *check = fold(*check + address_change);
  } else if (tcp || *check != 0) {
    *check = (uint16_t)~fold((uint16_t) ~*check + address_change + port_change);
    // In UDP, zero says "no checksum" (RFC 768).
    if (!tcp && *check == 0) *check = 0xffff;
  }
  *address = new_address;
  *port = new_port;
}

// False: the packet is to be dropped.
static bool translate(const struct packet *packet) {
  struct iphdr *ip = packet->ip;
  uint16_t *ports = transport_of(packet);  // source, destination: first in TCP and in UDP
  if (ports == NULL) return false;
  if (ip->daddr == translator.slice) {
    const struct mapping *mapping = *way_back(ip->protocol, ports[1]);
    if (mapping == NULL) return false;
    replace(packet, &ip->daddr, &ports[1], mapping->client, mapping->client_port);
    return true;
  }
  const struct mapping *mapping = map_out(ip->protocol, ip->saddr, ports[0]);
  if (mapping == NULL) return false;
  replace(packet, &ip->saddr, &ports[0], translator.slice, mapping->slice_port);
  return true;
}

static size_t align(size_t offset) { return (offset + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

static size_t read_batch(int device) {
  size_t count = 0;
  size_t offset = HEADROOM;
  while (count < BATCH_PACKETS && offset + MAX_PACKET <= SLAB_BYTES) {
    uint8_t *start = slab + offset - VIRTIO_BYTES;
    const ssize_t got = read(device, start, VIRTIO_BYTES + MAX_PACKET);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) die("read");
      break;
    }
    const size_t bytes = (size_t)got - VIRTIO_BYTES;
    packets[count++] = (struct packet){(void *)start, (void *)(slab + offset), bytes};
    offset = align(offset + bytes + HEADROOM);
  }
  return count;
}

static void write_packet(int device, const struct packet *packet) {
  ssize_t written;
  do written = write(device, packet->virtio, VIRTIO_BYTES + packet->bytes);
  while (written < 0 && errno == EINTR);
  if (written < 0)
    refused++;
  else
    forwarded++;
}

static int open_device(const char *name) {
  const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) die("/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(device, TUNSETIFF, &request) < 0) die("TUNSETIFF");
  const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  if (ioctl(device, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) < 0 &&
      ioctl(device, TUNSETOFFLOAD, tcp) < 0) {
    die("TUNSETOFFLOAD");
  }
  return device;
}

static void stop(int signal) {
  (void)signal;
  stopping = 1;
}

static uint16_t port_argument(const char *text) {
  const long port = strtol(text, NULL, 10);
  if (port < 1 || port >= PORTS) {
    fprintf(stderr, "not a port: %s\n", text);
    exit(2);
  }
  return (uint16_t)port;
}

int main(int count, char **arguments) {
  if (count != 5 || inet_pton(AF_INET, arguments[2], &translator.slice) != 1) {
    fprintf(stderr, "usage: reference-forwarder DEVICE SLICE_ADDRESS FIRST_PORT LAST_PORT\n");
    return 2;
  }
  translator.first = port_argument(arguments[3]);
  translator.last = port_argument(arguments[4]);
  if (translator.last < translator.first) {
    fprintf(stderr, "the slice is empty\n");
    return 2;
  }
  // Without SA_RESTART, so that the wait below ends.
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);

  const int device = open_device(arguments[1]);
  // epoll rather than poll because libuv, under fish, has nothing else.
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event readable = {.events = EPOLLIN};
  if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, device, &readable) < 0) die("epoll");
  puts("ready");
  fflush(stdout);

  while (!stopping) {
    // Before every batch, not only when idle: that is what one turn of fish's event loop costs too.
    if (epoll_wait(poller, &readable, 1, -1) < 0) continue;
    const size_t read_count = read_batch(device);
    batches += read_count > 0;
    for (size_t index = 0; index < read_count; index++) {
      if (!translate(&packets[index])) packets[index].bytes = 0;
    }
    for (size_t index = 0; index < read_count; index++) {
      if (packets[index].bytes == 0)
        dropped++;
      else
        write_packet(device, &packets[index]);
    }
  }
  printf("{\"forwarded\":%llu,\"dropped\":%llu,\"refused\":%llu,\"batches\":%llu}\n",
         (unsigned long long)forwarded, (unsigned long long)dropped, (unsigned long long)refused,
         (unsigned long long)batches);
  return 0;
}
