// The opponent of @slatfatf/conntrack: what the connection tracking table costs in C, by raw netlink.
//
//   conntrack-batch VERB COUNT MILLISECONDS
//
// VERB is create (batches, the last message of each asks for an acknowledgement), create-single (a message a
// datagram, each acknowledged), delete (batches, by tuple) or dump (every attribute is walked, nothing is
// kept). COUNT entries a pass; passes until the time is over, after a shorter one that does not count. What a
// pass needs before and leaves behind is not in the time; a dump finds the table as it is.
//
// With VERB fill or flush there are no passes: the table gets COUNT entries, or loses all.
//
// Prints entries, milliseconds and processor time of all passes as JSON.
#include "conntrack-messages.h"

enum { WARM_UP_ENTRIES = 20000 };

// What was found in a dump, so that the compiler cannot think that nobody wants to know.
static volatile uint64_t seen;

static void create_single(int fd, uint32_t count) {
  for (uint32_t index = 0; index < count; index++) {
    char *const at = put_create(datagram, index, NLM_F_ACK);
    send_all(fd, datagram, (size_t)(at - datagram));
    await_acknowledgement(fd);
  }
}

static void flush(int fd) {
  char *const at = begin_message(datagram, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
  end_message(datagram, at);
  send_all(fd, datagram, (size_t)(at - datagram));
  await_acknowledgement(fd);
}

static uint64_t walk(const char *at, const char *stop) {
  uint64_t sum = 0;
  while (stop - at >= NLA_HDRLEN) {
    struct nlattr header;
    memcpy(&header, at, sizeof header);
    if (header.nla_len < NLA_HDRLEN || header.nla_len > stop - at) exit(1);
    const char *const value = at + NLA_HDRLEN;
    if (header.nla_type & NLA_F_NESTED)
      sum += walk(value, at + header.nla_len);
    else
      sum += header.nla_type + (unsigned char)*value;
    at += NLA_ALIGN(header.nla_len);
  }
  return sum;
}

static uint32_t dump(int fd) {
  char *const at = begin_message(datagram, IPCTNL_MSG_CT_GET, NLM_F_DUMP);
  end_message(datagram, at);
  // Both families, as everybody else asks.
  datagram[NLMSG_HDRLEN] = AF_UNSPEC;
  send_all(fd, datagram, (size_t)(at - datagram));
  for (uint32_t entries = 0;;) {
    const ssize_t bytes = recv(fd, received, sizeof received, 0);
    if (bytes < 0) die("recv");
    unsigned left = (unsigned)bytes;
    for (const struct nlmsghdr *header = (const void *)received; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) return entries;
      if (header->nlmsg_type == NLMSG_ERROR) exit(1);
      const char *const message = (const char *)header;
      seen +=
          walk(message + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg)), message + header->nlmsg_len);
      entries++;
    }
  }
}

static double milliseconds, processor_milliseconds;

static double processor_time(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void pass(int fd, const char *verb, uint32_t count) {
  const bool deletes = strcmp(verb, "delete") == 0, dumps = strcmp(verb, "dump") == 0;
  if (!dumps) flush(fd);
  if (deletes) batches(fd, put_create, 0, count);
  const double start = now(), processor_start = processor_time();
  if (deletes)
    batches(fd, put_delete, 0, count);
  else if (strcmp(verb, "create") == 0)
    batches(fd, put_create, 0, count);
  else if (strcmp(verb, "create-single") == 0)
    create_single(fd, count);
  else if (!dumps) {
    fprintf(stderr, "there is no %s\n", verb);
    exit(2);
  } else if (dump(fd) != count) {
    fprintf(stderr, "the dump had not %u entries\n", count);
    exit(1);
  }
  milliseconds += now() - start;
  processor_milliseconds += processor_time() - processor_start;
}

int main(int words, char **word) {
  if (words != 4) {
    fprintf(stderr, "usage: conntrack-batch VERB COUNT MILLISECONDS\n");
    return 2;
  }
  const char *const verb = word[1];
  const uint32_t count = (uint32_t)atoi(word[2]);
  const int fd = open_netlink(0, 0);
  if (strcmp(verb, "fill") == 0 || strcmp(verb, "flush") == 0) {
    flush(fd);
    if (verb[1] == 'i') batches(fd, put_create, 0, count);
    return 0;
  }
  const bool dumps = strcmp(verb, "dump") == 0;
  pass(fd, verb, dumps || count < WARM_UP_ENTRIES ? count : WARM_UP_ENTRIES);
  milliseconds = processor_milliseconds = 0;
  uint64_t entries = 0;
  do {
    pass(fd, verb, count);
    entries += count;
  } while (milliseconds < atof(word[3]));
  if (!dumps) flush(fd);
  printf("{\"entries\":%llu,\"milliseconds\":%.3f,\"cpuMilliseconds\":%.3f}\n", (unsigned long long)entries,
         milliseconds, processor_milliseconds);
  return 0;
}
