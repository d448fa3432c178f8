// Events of connection tracking, by raw netlink: a source of them, and a listener that does nothing but
// count.
//
//   conntrack-events pace EVENTS_PER_SECOND MILLISECONDS
//   conntrack-events listen RECEIVE_BUFFER_BYTES 0
//
// pace makes and deletes entries, 32 each time, so that the table stays small; each is two events. It prints
// events and milliseconds as JSON: where it cannot keep the pace, they say so. listen prints "ready", walks
// over what comes until SIGTERM, and prints events and overruns.
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>

#include "conntrack-messages.h"

enum { BURST = 32, EVENTS_PER_BURST = 2 * BURST, INDEXES = 1 << 20 };

static int pace(double rate, double milliseconds) {
  const int fd = open_netlink(0, 0);
  // Timers as exact as the kernel can: 50 us are several events.
  prctl(PR_SET_TIMERSLACK, 1UL);
  const double start = now();
  uint64_t events = 0;
  uint32_t index = 0;
  while (now() - start < milliseconds) {
    const double due = start + (double)events / rate * 1e3;
    if (due > now()) {
      const struct timespec at = {(time_t)(due / 1e3),
                                  (long)((due - 1e3 * (double)(time_t)(due / 1e3)) * 1e6)};
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
    batches(fd, put_create, index, BURST);
    batches(fd, put_delete, index, BURST);
    index = (index + BURST) % INDEXES;
    events += EVENTS_PER_BURST;
  }
  printf("{\"events\":%llu,\"milliseconds\":%.3f}\n", (unsigned long long)events, now() - start);
  return 0;
}

static volatile sig_atomic_t told_to_end;

static void on_terminate(int number) {
  (void)number;
  told_to_end = 1;
}

static int listen_for_events(int buffer_bytes) {
  const int fd =
      open_netlink(buffer_bytes, 1u << (NFNLGRP_CONNTRACK_NEW - 1) | 1u << (NFNLGRP_CONNTRACK_DESTROY - 1));
  // Without SA_RESTART: the signal interrupts the waiting.
  const struct sigaction action = {.sa_handler = on_terminate};
  sigaction(SIGTERM, &action, NULL);
  puts("ready");
  fflush(stdout);
  uint64_t events = 0, overruns = 0;
  while (!told_to_end) {
    const ssize_t bytes = recv(fd, received, sizeof received, 0);
    if (bytes < 0 && errno == ENOBUFS) overruns++;
    unsigned left = bytes < 0 ? 0 : (unsigned)bytes;
    for (const struct nlmsghdr *header = (const void *)received; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left))
      events++;
  }
  printf("{\"events\":%llu,\"overruns\":%llu}\n", (unsigned long long)events, (unsigned long long)overruns);
  return 0;
}

int main(int words, char **word) {
  if (words == 4 && strcmp(word[1], "pace") == 0) return pace(atof(word[2]), atof(word[3]));
  if (words == 4 && strcmp(word[1], "listen") == 0) return listen_for_events(atoi(word[2]));
  fprintf(stderr, "usage: conntrack-events pace EVENTS_PER_SECOND MILLISECONDS | listen BUFFER_BYTES 0\n");
  return 2;
}
