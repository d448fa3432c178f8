// Preloaded into a process, it answers for a kernel that takes the offload flags and then refuses every
// super-packet with EINVAL, as some stable releases of 6.6 and the kernels of some network storage boxes do.
// Everything else is the real kernel.
//
// SLATFATF_REFUSE: "tcp", "udp" or "tcp,udp".
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int is_tun(int fd) {
  char link[64], path[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return strcmp(path, "/dev/net/tun") == 0;
}

static int is_refused(int fd, const unsigned char *virtio, size_t bytes) {
  if (bytes < 10 || virtio[1] == 0) return 0;
  const char *refused = getenv("SLATFATF_REFUSE");
  const char *protocol = (virtio[1] & 0x7f) == 5 ? "udp" : "tcp";
  return refused != NULL && strstr(refused, protocol) != NULL && is_tun(fd);
}

ssize_t write(int fd, const void *data, size_t bytes) {
  static ssize_t (*real)(int, const void *, size_t);
  if (real == NULL) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  if (is_refused(fd, data, bytes)) {
    errno = EINVAL;
    return -1;
  }
  return real(fd, data, bytes);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  static ssize_t (*real)(int, const struct iovec *, int);
  if (real == NULL) real = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
  if (count > 0 && is_refused(fd, parts[0].iov_base, parts[0].iov_len)) {
    errno = EINVAL;
    return -1;
  }
  return real(fd, parts, count);
}
