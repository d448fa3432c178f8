// Counts the datagrams that arrive at a port during a window of time.
//
//   udp-sink idle|read PORT INTERFACE WARM_UP_MS WINDOW_MS SOURCE FIRST_PORT LAST_PORT
//
// idle: nobody reads the socket, and the interface's counter tells what was delivered to this host. The
// socket is there all the same, because without one the host would answer every packet with an ICMP error.
// read: this process reads them, and tells what it got.
//
// Prints "ready", waits for the first datagram, warms up, counts:
//
//   arrived    packets that the interface received; a super-packet is one
//   datagrams  what UDP here got for a socket, whether it fitted in or not; a super-packet is many
//   read       what this process read
//
// A datagram from outside SOURCE's ports is an error: then the rate would be that of a path that does
// something else than it should.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, DATAGRAM_BYTES = 2048, FIRST_DATAGRAM_SECONDS = 5 };

static struct in_addr source;
static unsigned first_port, last_port;

static void fail(const char *what) {
  fprintf(stderr, "udp-sink: %s\n", what);
  exit(1);
}

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

// Packets received by an interface, from the process's own network namespace.
static unsigned long long received_by(const char *interface) {
  FILE *devices = fopen("/proc/self/net/dev", "re");
  if (devices == NULL) fail("/proc/self/net/dev cannot be read");
  char line[512];
  while (fgets(line, sizeof line, devices) != NULL) {
    char *colon = strchr(line, ':');
    if (colon == NULL) continue;
    *colon = '\0';
    unsigned long long packets;
    if (strcmp(line + strspn(line, " "), interface) == 0 && sscanf(colon + 1, "%*u %llu", &packets) == 1) {
      fclose(devices);
      return packets;
    }
  }
  fail("no such interface");
  return 0;
}

// Datagrams that UDP of the process's own network namespace got for a socket so far. Those with a wrong
// checksum are none.
static unsigned long long datagrams_of_udp(void) {
  FILE *statistics = fopen("/proc/self/net/snmp", "re");
  if (statistics == NULL) fail("/proc/self/net/snmp cannot be read");
  char line[512];
  while (fgets(line, sizeof line, statistics) != NULL) {
    unsigned long long delivered, errors, wrong_checksum;
    // InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors; the line of their
    // names does not match.
    if (sscanf(line, "Udp: %llu %*u %llu %*u %*u %*u %llu", &delivered, &errors, &wrong_checksum) == 3) {
      fclose(statistics);
      return delivered + errors - wrong_checksum;
    }
  }
  fail("/proc/self/net/snmp has no UDP");
  return 0;
}

static void check_source(const struct sockaddr_in *from) {
  const unsigned port = ntohs(from->sin_port);
  if (from->sin_addr.s_addr == source.s_addr && port >= first_port && port <= last_port) return;
  char address[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &from->sin_addr, address, sizeof address);
  fprintf(stderr, "udp-sink: a datagram came from %s:%u, which is not where they should come from\n", address,
          port);
  exit(1);
}

static void set_receive_timeout(int socket, long seconds, long microseconds) {
  const struct timeval timeout = {seconds, microseconds};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
}

static int open_socket(uint16_t port, bool reads) {
  const int sink = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int buffer_bytes = reads ? 4 << 20 : 1;  // 1: the smallest the kernel has
  setsockopt(sink, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  const struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (sink < 0 || bind(sink, (const struct sockaddr *)&here, sizeof here) < 0)
    fail("the port cannot be bound");
  return sink;
}

// The receive timeout bounds each call, so that the end of the window is seen although nothing arrives.
static unsigned long long read_until(int sink, double end) {
  static char datagrams[BATCH][DATAGRAM_BYTES];
  static struct sockaddr_in senders[BATCH];
  static struct iovec parts[BATCH];
  static struct mmsghdr messages[BATCH];
  unsigned long long total = 0;
  while (now_seconds() < end) {
    for (int index = 0; index < BATCH; index++) {
      parts[index] = (struct iovec){datagrams[index], DATAGRAM_BYTES};
      messages[index].msg_hdr = (struct msghdr){.msg_name = &senders[index],
                                                .msg_namelen = sizeof senders[index],
                                                .msg_iov = &parts[index],
                                                .msg_iovlen = 1};
    }
    const int got = recvmmsg(sink, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int index = 0; index < got; index++) check_source(&senders[index]);
    if (got > 0) total += (unsigned)got;
  }
  return total;
}

static void sleep_until(double end) {
  const double left = end - now_seconds();
  if (left > 0) usleep((useconds_t)(left * 1e6));
}

int main(int count, char **arguments) {
  if (count != 9 || inet_pton(AF_INET, arguments[6], &source) != 1) {
    fprintf(stderr,
            "usage: udp-sink idle|read PORT INTERFACE WARM_UP_MS WINDOW_MS SOURCE FIRST_PORT LAST_PORT\n");
    return 2;
  }
  const bool reads = strcmp(arguments[1], "read") == 0;
  const char *interface = arguments[3];
  const double warm_up = strtod(arguments[4], NULL) / 1e3, window = strtod(arguments[5], NULL) / 1e3;
  first_port = (unsigned)strtoul(arguments[7], NULL, 10);
  last_port = (unsigned)strtoul(arguments[8], NULL, 10);
  const int sink = open_socket((uint16_t)strtoul(arguments[2], NULL, 10), reads);
  puts("ready");
  fflush(stdout);

  char datagram[DATAGRAM_BYTES];
  struct sockaddr_in from;
  socklen_t from_bytes = sizeof from;
  set_receive_timeout(sink, FIRST_DATAGRAM_SECONDS, 0);
  if (recvfrom(sink, datagram, sizeof datagram, 0, (struct sockaddr *)&from, &from_bytes) < 0)
    fail("nothing arrived");
  check_source(&from);
  set_receive_timeout(sink, 0, 50000);

  double end = now_seconds() + warm_up;
  if (reads)
    read_until(sink, end);
  else
    sleep_until(end);
  const unsigned long long before = received_by(interface);
  const unsigned long long datagrams_before = datagrams_of_udp();
  const double begin = now_seconds();
  end = begin + window;
  unsigned long long read_count = 0;
  if (reads)
    read_count = read_until(sink, end);
  else
    sleep_until(end);
  const double seconds = now_seconds() - begin;
  const unsigned long long arrived = received_by(interface) - before;
  const unsigned long long datagrams = datagrams_of_udp() - datagrams_before;
  printf("{\"arrived\":%llu,\"datagrams\":%llu,\"read\":%llu,\"seconds\":%.6f}\n", arrived, datagrams,
         read_count, seconds);
  return 0;
}
