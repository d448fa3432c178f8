// The opponent of @slatfatf/tun: what forwarding between two TUN devices costs when it is written in C.
//
//   reference-tun-forwarder off|raw LEFT LEFT_NETWORK RIGHT RIGHT_NETWORK
//
// Opens both devices, without or with virtio headers and offloads, and hands what is for the 24 bits of the
// network behind the other device to it, unchanged, in the same system calls per packet: wait, read packets
// until the device is empty or the slab full, look at them, write them one by one.
//
// Prints "ready" once both devices exist, and what it counted when SIGTERM ends it.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/ip.h>
#include <poll.h>
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

// The dimensions of a PacketBatch, so that neither side gets more packets out of one wake-up.
enum {
  BATCH_PACKETS = 256,
  SLAB_BYTES = 1 << 20,
  ALIGNMENT = 64,
  HEADROOM = 64,
  MAX_PACKET = 65535,
};

// A device, and what was read from it. Each direction has a slab of its own.
struct side {
  int device;
  uint32_t network;  // in network byte order
  const struct side *other;
  uint8_t *slab;
};

struct packet {
  uint8_t *start;  // of the virtio header, or of the IP header if there is none
  size_t bytes;    // from there; 0: the packet is dropped
};

static struct packet packets[BATCH_PACKETS];
static size_t virtio_bytes;
static uint64_t forwarded, dropped, refused, batches;
static volatile sig_atomic_t stopping;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static size_t align(size_t offset) { return (offset + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1); }

static size_t read_batch(const struct side *from) {
  size_t count = 0;
  size_t offset = HEADROOM;
  while (count < BATCH_PACKETS && offset + MAX_PACKET <= SLAB_BYTES) {
    uint8_t *start = from->slab + offset - virtio_bytes;
    const ssize_t got = read(from->device, start, virtio_bytes + MAX_PACKET);
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) die("read");
      break;
    }
    packets[count++] = (struct packet){start, (size_t)got};
    offset = align(offset + (size_t)got - virtio_bytes + HEADROOM);
  }
  return count;
}

static bool is_for(const struct packet *packet, uint32_t network) {
  const struct iphdr *ip = (const void *)(packet->start + virtio_bytes);
  if (packet->bytes < virtio_bytes + sizeof *ip || ip->version != 4) return false;
  return (ip->daddr & htonl(0xffffff00)) == network;
}

static void write_packet(int device, const struct packet *packet) {
  ssize_t written;
  while ((written = write(device, packet->start, packet->bytes)) < 0) {
    if (errno == EAGAIN)
      poll(&(struct pollfd){.fd = device, .events = POLLOUT}, 1, -1);
    else if (errno != EINTR)
      break;
  }
  if (written < 0)
    refused++;
  else
    forwarded++;
}

static void forward(const struct side *from) {
  const size_t count = read_batch(from);
  batches += count > 0;
  for (size_t index = 0; index < count; index++) {
    if (!is_for(&packets[index], from->other->network)) packets[index].bytes = 0;
  }
  for (size_t index = 0; index < count; index++) {
    if (packets[index].bytes == 0)
      dropped++;
    else
      write_packet(from->other->device, &packets[index]);
  }
}

static int open_device(const char *name) {
  const int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) die("/dev/net/tun");
  const short virtio = virtio_bytes > 0 ? IFF_VNET_HDR : 0;
  struct ifreq request = {.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | virtio)};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(device, TUNSETIFF, &request) < 0) die("TUNSETIFF");
  const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  if (virtio && ioctl(device, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) < 0 &&
      ioctl(device, TUNSETOFFLOAD, tcp) < 0) {
    die("TUNSETOFFLOAD");
  }
  return device;
}

static struct side open_side(const char *name, const char *network) {
  struct side side = {.device = open_device(name)};
  if (inet_pton(AF_INET, network, &side.network) != 1) {
    fprintf(stderr, "not a network: %s\n", network);
    exit(2);
  }
  side.slab = aligned_alloc(4096, SLAB_BYTES);
  if (side.slab == NULL) die("slab");
  return side;
}

static void watch(int poller, const struct side *side) {
  struct epoll_event readable = {.events = EPOLLIN, .data.ptr = (void *)side};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, side->device, &readable) < 0) die("epoll_ctl");
}

static void stop(int signal) {
  (void)signal;
  stopping = 1;
}

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "usage: reference-tun-forwarder off|raw LEFT LEFT_NETWORK RIGHT RIGHT_NETWORK\n");
    return 2;
  }
  if (strcmp(arguments[1], "raw") == 0) virtio_bytes = sizeof(struct virtio_net_hdr);
  // Without SA_RESTART, so that the wait below ends.
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);

  struct side left = open_side(arguments[2], arguments[3]);
  struct side right = open_side(arguments[4], arguments[5]);
  left.other = &right;
  right.other = &left;
  // epoll rather than poll because libuv, under Node, has nothing else.
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  if (poller < 0) die("epoll_create1");
  watch(poller, &left);
  watch(poller, &right);
  puts("ready");
  fflush(stdout);

  while (!stopping) {
    struct epoll_event ready[2];
    // Before every batch, not only when idle: that is what one turn of an event loop costs too.
    const int events = epoll_wait(poller, ready, 2, -1);
    for (int index = 0; index < events; index++) forward(ready[index].data.ptr);
  }
  printf("{\"forwarded\":%llu,\"dropped\":%llu,\"refused\":%llu,\"batches\":%llu}\n",
         (unsigned long long)forwarded, (unsigned long long)dropped, (unsigned long long)refused,
         (unsigned long long)batches);
  return 0;
}
