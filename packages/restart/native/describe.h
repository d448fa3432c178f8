// What the kernel says a descriptor is, to tell what was expected from anything else that a number may stand
// for.
#pragma once

#include <string>

#include "outcome.h"

namespace restart {

// An IP address and port, or a path; all empty if the socket has no name. An abstract path begins with '@'.
struct SocketName {
  std::string address;
  int port = 0;
  std::string path;

  bool IsEmpty() const { return address.empty() && path.empty(); }
};

struct Description {
  // "socket", "file", "directory", "pipe", "device", "memfd" or "other".
  const char* kind = "other";
  bool close_on_exec = false;
  double size_bytes = 0;
  // As in sys/socket.h; -1 if it is no socket, as for all below.
  int family = -1;
  int type = -1;
  int protocol = -1;
  bool listening = false;
  SocketName local;
  SocketName peer;
};

Outcome Describe(int fd, Description* description);

}  // namespace restart
