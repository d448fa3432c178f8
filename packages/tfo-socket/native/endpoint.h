// An IP address and port as the kernel takes them, from text. Numeric only: names are never resolved.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

namespace tfo_socket {

class Endpoint {
 public:
  // False for anything that is not an IPv4 or IPv6 address, and for IPv4 written as IPv6 (::ffff:192.0.2.1):
  // that form is an IPv4 tuple under another name, and two names for one tuple are one too many.
  bool Parse(const std::string& text, uint16_t port) {
    std::memset(&v6_, 0, sizeof(v6_));
    if (::inet_pton(AF_INET, text.c_str(), &v4_.sin_addr) == 1) {
      v4_.sin_family = AF_INET;
      v4_.sin_port = htons(port);
      return true;
    }
    if (::inet_pton(AF_INET6, text.c_str(), &v6_.sin6_addr) != 1) return false;
    if (IN6_IS_ADDR_V4MAPPED(&v6_.sin6_addr)) return false;
    v6_.sin6_family = AF_INET6;
    v6_.sin6_port = htons(port);
    return true;
  }

  // `bytes` are 4 of family 4 or 16 of family 6, as Parse found them. False for any other family.
  bool Set(uint32_t family, const uint8_t* bytes, uint16_t port) {
    std::memset(&v6_, 0, sizeof(v6_));
    if (family == 4) {
      v4_.sin_family = AF_INET;
      std::memcpy(&v4_.sin_addr, bytes, sizeof(v4_.sin_addr));
    } else if (family == 6) {
      v6_.sin6_family = AF_INET6;
      std::memcpy(&v6_.sin6_addr, bytes, sizeof(v6_.sin6_addr));
    } else {
      return false;
    }
    v4_.sin_port = htons(port);
    return true;
  }

  // Writes 4 or 16 bytes; returns the family, 4 or 6.
  uint32_t CopyAddress(uint8_t* bytes) const {
    if (Family() == AF_INET) {
      std::memcpy(bytes, &v4_.sin_addr, sizeof(v4_.sin_addr));
      return 4;
    }
    std::memcpy(bytes, &v6_.sin6_addr, sizeof(v6_.sin6_addr));
    return 6;
  }

  int Family() const { return v4_.sin_family; }

  bool IsWildcard() const {
    if (Family() == AF_INET) return v4_.sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&v6_.sin6_addr);
  }

  // sin_port and sin6_port are the same two bytes.
  uint16_t Port() const { return ntohs(v4_.sin_port); }

  const sockaddr* Get() const { return reinterpret_cast<const sockaddr*>(&v6_); }
  sockaddr* Get() { return reinterpret_cast<sockaddr*>(&v6_); }
  socklen_t Size() const { return Family() == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6); }

 private:
  union {
    sockaddr_in v4_;
    sockaddr_in6 v6_;
  };
};

}  // namespace tfo_socket
