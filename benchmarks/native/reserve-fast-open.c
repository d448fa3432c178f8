// The reference for Fast Open: what reserve/fast-open/client.mjs does, with MSG_FASTOPEN.
//
//   reserve-fast-open no-cookie|cookie ADDRESS PORT MILLISECONDS
//
// Prints the medians of the time to the first byte of the answer, and of a round trip, as JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP_REQUESTS = 3, MOST = 10000, BYTES = 64 };

static struct sockaddr_in server = {.sin_family = AF_INET};
static bool without_cookie;
static double first_bytes[MOST], round_trips[MOST];

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void ask(int request) {
  char data[BYTES];
  memset(data, 'x', sizeof data);
  const int on = 1;
  const double start = now();
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  if (without_cookie && setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &on, sizeof on) != 0)
    die("TCP_FASTOPEN_NO_COOKIE");
  const struct sockaddr *to = (const void *)&server;
  if (sendto(fd, data, sizeof data, MSG_FASTOPEN, to, sizeof server) != BYTES) die("sendto");
  if (recv(fd, data, sizeof data, 0) <= 0) die("recv");
  const double middle = now();
  if (send(fd, data, sizeof data, 0) != BYTES) die("send");
  if (recv(fd, data, sizeof data, 0) <= 0) die("recv");
  first_bytes[request] = middle - start;
  round_trips[request] = now() - middle;
  close(fd);
}

static int compare(const void *a, const void *b) {
  const double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, compare);
  return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

int main(int words, char **word) {
  if (words != 5 || inet_pton(AF_INET, word[2], &server.sin_addr) != 1) {
    fprintf(stderr, "usage: reserve-fast-open no-cookie|cookie ADDRESS PORT MILLISECONDS\n");
    return 2;
  }
  without_cookie = strcmp(word[1], "no-cookie") == 0;
  server.sin_port = htons((uint16_t)atoi(word[3]));
  for (int request = 0; request < WARM_UP_REQUESTS; request++) ask(0);
  const double end = now() + atof(word[4]);
  int requests = 0;
  do ask(requests++);
  while (now() < end && requests < MOST);
  printf("{\"requests\":%d,\"firstByteMs\":%.4f,\"roundTripMs\":%.4f}\n", requests,
         median(first_bytes, requests), median(round_trips, requests));
  return 0;
}
