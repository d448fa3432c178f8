// The opponent of @slatfatf/tfo-socket: what reservations cost when they are made in C.
//
//   reserve-loop [-t] KIND PORTS LOCAL REMOTE FIRST LAST PREFILL COUNT EXPECT MILLISECONDS
//
// KIND is what is reserved: tuple, watched (a tuple in an epoll set), explicit (a tuple by bind to the port
// with SO_REUSEADDR), tcp or udp (a port), echo. PORTS is how the port is chosen: picked (by the kernel, in
// FIRST-LAST), named (FIRST + i) or shared (FIRST, for the remote port 1 + i). PREFILL of them are held all
// the time; a pass then makes COUNT more and releases them, until the time is over. EXPECT is granted, or
// refused, where every attempt has to fail. Each reservation has the system calls of the package, in its
// order, and reads the port back.
//
// With -t the process has a second thread, which sleeps: as soon as descriptors are shared, the kernel counts
// references to them in every call, which Node cannot avoid.
//
// Prints microseconds for each reservation and each release as JSON.
//
// With EXPECT held there are no passes: prints "ready", makes COUNT reservations when SIGUSR2 comes, prints
// "held", and ends by SIGTERM.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Build headers older than Linux 6.3 lack them.
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif

enum { REMOTE_PORT = 443, WARM_UP_MS = 200, MOST = 19000 };

enum kind { TUPLE, WATCHED, EXPLICIT, TCP, UDP, ECHO };
enum ports { PICKED, NAMED, SHARED };

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
};

static enum kind kind;
static enum ports ports;
static union address local, remote;
static socklen_t address_bytes;
static uint32_t first, last;
static int poller;
static int held[MOST];
// What getsockname said last, so that the compiler cannot think that nobody wants to know.
static volatile uint16_t port_read_back;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static int fail(int fd) {
  const int error = errno;
  if (fd >= 0) close(fd);
  return -error;
}

static bool set(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static bool set_range(int fd, uint32_t low, uint32_t high) {
  const uint32_t range = low | high << 16;
  return setsockopt(fd, SOL_IP, IP_LOCAL_PORT_RANGE, &range, sizeof range) == 0;
}

static bool drop_all(int fd) {
  struct sock_filter drop = {BPF_RET | BPF_K, 0, 0, 0};
  const struct sock_fprog program = {1, &drop};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 &&
         set(fd, SOL_SOCKET, SO_RCVBUF, 0);
}

static bool ignore_ordinary_packets(int fd) {
  if (local.any.sa_family == AF_INET) return set(fd, SOL_IP, IP_MINTTL, 255);
  return set(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, 255);
}

static bool reset_on_close(int fd) {
  const struct linger reset = {1, 0};
  return setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0;
}

// sin_port and sin6_port are the same two bytes.
static bool bind_to(int fd, uint16_t port) {
  union address here = local;
  here.v4.sin_port = htons(port);
  return bind(fd, &here.any, address_bytes) == 0;
}

static bool connect_to(int fd, uint16_t port) {
  union address there = remote;
  there.v4.sin_port = htons(port);
  return connect(fd, &there.any, address_bytes) == 0;
}

static bool read_back(int fd) {
  union address here;
  socklen_t size = address_bytes;
  if (getsockname(fd, &here.any, &size) != 0) return false;
  port_read_back = ntohs(here.v4.sin_port);
  return true;
}

static bool watch(int fd) {
  struct epoll_event event = {.events = EPOLLERR | EPOLLHUP | EPOLLET | EPOLLONESHOT, .data.fd = fd};
  return epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void release(int fd) {
  // As the package does: where another process holds a copy of the descriptor, closing it does not end the
  // watch.
  if (kind == WATCHED) epoll_ctl(poller, EPOLL_CTL_DEL, fd, NULL);
  close(fd);
}

static int reserve_tuple(uint32_t low, uint32_t high, uint16_t remote_port) {
  const int fd = socket(local.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const bool done = fd >= 0 && set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1) &&
                    set(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1) &&
                    set(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1) && set_range(fd, low, high) &&
                    ignore_ordinary_packets(fd) && reset_on_close(fd) && bind_to(fd, 0) &&
                    connect_to(fd, remote_port) && read_back(fd) && (kind != WATCHED || watch(fd));
  return done ? fd : fail(fd);
}

static int reserve_explicitly(uint16_t port, uint16_t remote_port) {
  const int fd = socket(local.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const bool done = fd >= 0 && set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1) &&
                    set(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1) && set(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
                    ignore_ordinary_packets(fd) && reset_on_close(fd) && bind_to(fd, port) &&
                    connect_to(fd, remote_port) && read_back(fd);
  return done ? fd : fail(fd);
}

static int reserve_port(uint32_t low, uint32_t high) {
  const int type = kind == UDP ? SOCK_DGRAM : SOCK_STREAM;
  // A UDP port that is named is bound as it is, as the package does it.
  const uint16_t named = kind == UDP && low == high ? (uint16_t)low : 0;
  const int fd = socket(local.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const bool done = fd >= 0 && (named != 0 || set_range(fd, low, high)) && (kind != UDP || drop_all(fd)) &&
                    bind_to(fd, named) && read_back(fd);
  return done ? fd : fail(fd);
}

static int reserve_echo_id(uint16_t id) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
  const bool done = fd >= 0 && set(fd, SOL_SOCKET, SO_REUSEADDR, 0) && drop_all(fd) && bind_to(fd, id);
  return done ? fd : fail(fd);
}

static int reserve(uint32_t index) {
  const uint32_t low = ports == NAMED ? first + index : first;
  const uint32_t high = ports == PICKED ? last : low;
  const uint16_t remote_port = (uint16_t)(ports == SHARED ? 1 + index : REMOTE_PORT);
  switch (kind) {
    case EXPLICIT:
      return reserve_explicitly((uint16_t)low, remote_port);
    case TCP:
    case UDP:
      return reserve_port(low, high);
    case ECHO:
      return reserve_echo_id((uint16_t)(1 + index));
    default:
      return reserve_tuple(low, high, remote_port);
  }
}

static void hold(int index) {
  held[index] = reserve((uint32_t)index);
  if (held[index] >= 0) return;
  errno = -held[index];
  die("reserve");
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

// Microseconds of all passes together, and how often they did it.
static double reserving, releasing;
static long attempts;

static void pass(int prefill, int count, bool refused) {
  const double start = now();
  if (refused) {
    for (int index = 0; index < count; index++) {
      const int result = reserve((uint32_t)(index % prefill));
      if (result != -EADDRNOTAVAIL && result != -EADDRINUSE) {
        fprintf(stderr, "was not refused, but %d\n", result);
        exit(1);
      }
    }
    reserving += now() - start;
  } else {
    for (int index = prefill; index < prefill + count; index++) hold(index);
    const double middle = now();
    for (int index = prefill; index < prefill + count; index++) release(held[index]);
    reserving += middle - start;
    releasing += now() - middle;
  }
  attempts += count;
}

static void passes_for(double milliseconds, int prefill, int count, bool refused) {
  reserving = releasing = 0;
  attempts = 0;
  const double end = now() + milliseconds * 1e3;
  do pass(prefill, count, refused);
  while (now() < end);
}

static void hold_until_told(int count) {
  sigset_t told;
  sigemptyset(&told);
  sigaddset(&told, SIGUSR2);
  sigprocmask(SIG_BLOCK, &told, NULL);
  puts("ready");
  fflush(stdout);
  int number;
  sigwait(&told, &number);
  for (int index = 0; index < count; index++) hold(index);
  puts("held");
  fflush(stdout);
  for (;;) pause();
}

static int sleep_forever(void *unused) {
  (void)unused;
  for (;;) pause();
  return 0;
}

// By clone, because pthread_create wants an option of the linker where glibc is older than 2.34.
static void start_sleeping_thread(void) {
  static _Alignas(16) char stack[1 << 16];
  const int thread = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_FS | CLONE_FILES;
  if (clone(sleep_forever, stack + sizeof stack, thread, NULL) < 0) die("clone");
}

static int choose(const char *word, const char *const *words) {
  for (int index = 0; words[index] != NULL; index++)
    if (strcmp(word, words[index]) == 0) return index;
  fprintf(stderr, "unknown: %s\n", word);
  exit(2);
}

static void parse(union address *address, const char *text) {
  if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
    address->any.sa_family = AF_INET;
    address_bytes = sizeof address->v4;
  } else if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
    address->any.sa_family = AF_INET6;
    address_bytes = sizeof address->v6;
  } else {
    fprintf(stderr, "not an address: %s\n", text);
    exit(2);
  }
}

int main(int words, char **word) {
  if (words == 12 && strcmp(word[1], "-t") == 0) {
    start_sleeping_thread();
    words--;
    word++;
  }
  if (words != 11) {
    fprintf(
        stderr,
        "usage: reserve-loop [-t] KIND PORTS LOCAL REMOTE FIRST LAST PREFILL COUNT EXPECT MILLISECONDS\n");
    return 2;
  }
  kind = choose(word[1], (const char *[]){"tuple", "watched", "explicit", "tcp", "udp", "echo", NULL});
  ports = choose(word[2], (const char *[]){"picked", "named", "shared", NULL});
  parse(&local, word[3]);
  parse(&remote, word[4]);
  first = (uint32_t)atoi(word[5]);
  last = (uint32_t)atoi(word[6]);
  const int prefill = atoi(word[7]), count = atoi(word[8]);
  const int expect = choose(word[9], (const char *[]){"granted", "refused", "held", NULL});
  if (prefill + count > MOST) return 2;
  if (kind == WATCHED && (poller = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll_create1");

  if (expect == 2) hold_until_told(count);
  for (int index = 0; index < prefill; index++) hold(index);
  passes_for(WARM_UP_MS, prefill, count, expect == 1);
  passes_for(atof(word[10]), prefill, count, expect == 1);
  printf("{\"attempts\":%ld,\"reserveMicros\":%.4f,\"releaseMicros\":%.4f}\n", attempts,
         reserving / (double)attempts, releasing / (double)attempts);
  return 0;
}
