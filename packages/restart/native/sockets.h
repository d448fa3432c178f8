// Sockets that this package makes itself, non-blocking and close-on-exec from birth: one that Node makes it
// also closes, and a Unix path with it.
#pragma once

#include <string>

#include "outcome.h"

namespace restart {

// Mirrored in src/binding.ts.
enum SocketFlags : unsigned {
  kReusePort = 1,
  kIpv6Only = 2,
  kFreebind = 4,
};

// The address is numeric, with %interface behind it if it is link-local.
Outcome ListenTcp(const std::string& address, int port, int backlog, unsigned flags);
Outcome BindUdp(const std::string& address, int port, unsigned flags);

// The path is there from the bind on, never more open than `mode`, and has exactly that mode before anybody
// can connect, whatever the umask. EADDRINUSE: something is at the path. Nothing is left if it fails. `type`
// is SOCK_STREAM or SOCK_SEQPACKET.
Outcome ListenUnix(const std::string& path, unsigned mode, int backlog, int type);

// Does not wait: EAGAIN, the queue of the listener is full.
Outcome ConnectUnix(const std::string& path, int type);

// Connects a datagram socket, which a listener never notices: EPROTOTYPE if there is one. ECONNREFUSED: the
// path is stale (net/unix/af_unix.c, unix_find_bsd).
Outcome ProbeUnix(const std::string& path);

// The file that a Unix socket is bound to, as stat(2) numbers it; the inode's lower 32 bits only, which is
// all that the kernel tells (net/unix/diag.c).
struct BoundFile {
  double device = 0;
  double inode = 0;
};

// ENOENT: the socket is not bound to a file, or the kernel cannot tell.
Outcome FindBoundFile(int fd, BoundFile* file);

}  // namespace restart
