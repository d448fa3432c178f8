#include "socket_facts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace tfo_socket {

namespace {

// False, with errno set, if the kernel does not answer.
bool GetOption(int fd, int level, int name, int* value) {
  *value = 0;
  socklen_t size = sizeof(*value);
  return ::getsockopt(fd, level, name, value, &size) == 0;
}

}  // namespace

const char* ReadSocketFacts(int fd, SocketFacts* facts) {
  if (!GetOption(fd, SOL_SOCKET, SO_PROTOCOL, &facts->protocol)) return "getsockopt(SO_PROTOCOL)";

  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_storage storage;
  } name = {};
  socklen_t size = sizeof(name);
  if (::getsockname(fd, &name.any, &size) != 0) return "getsockname";
  char text[INET6_ADDRSTRLEN] = "";
  if (name.any.sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &name.v4.sin_addr, text, sizeof(text));
    facts->port = ntohs(name.v4.sin_port);
  } else if (name.any.sa_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &name.v6.sin6_addr, text, sizeof(text));
    facts->port = ntohs(name.v6.sin6_port);
  }
  facts->address = text;

  int value = 0;
  if (!GetOption(fd, SOL_SOCKET, SO_REUSEADDR, &value)) return "getsockopt(SO_REUSEADDR)";
  facts->shared = value != 0;
  if (facts->address.empty() || facts->protocol != IPPROTO_TCP) return nullptr;

  if (!GetOption(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &value)) return "getsockopt(TCP_FASTOPEN_CONNECT)";
  facts->fast_open_connect = value != 0;
  if (!GetOption(fd, IPPROTO_TCP, TCP_REPAIR, &value)) return "getsockopt(TCP_REPAIR)";
  facts->repair = value != 0;
  tcp_info info = {};
  size = sizeof(info);
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return "getsockopt(TCP_INFO)";
  facts->tcp_state = info.tcpi_state;
  return nullptr;
}

}  // namespace tfo_socket
