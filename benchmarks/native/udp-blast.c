// Sends UDP datagrams of one flow as fast as one core can, without pacing, until the time is up or a signal
// comes.
//
//   udp-blast ADDRESS PORT SECONDS PAYLOAD_BYTES
//
// Prints "sending", then how many the kernel took, which says nothing about how many arrived.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, MAX_PAYLOAD = 1472 };

static volatile sig_atomic_t stopping;

static void stop(int signal) {
  (void)signal;
  stopping = 1;
}

int main(int count, char **arguments) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  const size_t payload_bytes = count == 5 ? strtoul(arguments[4], NULL, 10) : 0;
  if (payload_bytes < 1 || payload_bytes > MAX_PAYLOAD ||
      inet_pton(AF_INET, arguments[1], &to.sin_addr) != 1) {
    fprintf(stderr, "usage: udp-blast ADDRESS PORT SECONDS PAYLOAD_BYTES\n");
    return 2;
  }
  to.sin_port = htons((uint16_t)strtoul(arguments[2], NULL, 10));
  sigaction(SIGTERM, &(struct sigaction){.sa_handler = stop}, NULL);
  sigaction(SIGALRM, &(struct sigaction){.sa_handler = stop}, NULL);
  alarm((unsigned)strtoul(arguments[3], NULL, 10));

  const int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (sender < 0 || connect(sender, (struct sockaddr *)&to, sizeof to) < 0) {
    perror("socket");
    return 1;
  }
  static char payload[MAX_PAYLOAD];
  struct iovec part = {payload, payload_bytes};
  struct mmsghdr messages[BATCH] = {0};
  for (int index = 0; index < BATCH; index++) {
    messages[index].msg_hdr.msg_iov = &part;
    messages[index].msg_hdr.msg_iovlen = 1;
  }
  puts("sending");
  fflush(stdout);
  unsigned long long sent = 0;
  while (!stopping) {
    const int taken = sendmmsg(sender, messages, BATCH, 0);
    if (taken > 0) {
      sent += (unsigned)taken;
    } else if (errno != ENOBUFS && errno != EINTR && errno != ECONNREFUSED) {
      perror("sendmmsg");
      return 1;
    }
  }
  printf("{\"sent\":%llu}\n", sent);
  return 0;
}
