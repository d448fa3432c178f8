// Sockets that talk: connecting, listening, and turning a reserved tuple into a connection. Each function
// returns a descriptor or another value of 0 or more, or -errno, and fills an outcome. None of them blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "outcome.h"
#include "reservations.h"

namespace tfo_socket {

// How far a connection has come when the call returns. The cells of an Outcome, and two more.
class ConnectOutcome : public Outcome {
 public:
  static constexpr size_t kLength = Outcome::kLength + 2;

  explicit ConnectOutcome(int32_t* cells) : Outcome(cells), cells_(cells + Outcome::kLength) {
    cells_[0] = cells_[1] = 0;
  }

  // The kernel waits for the first write: no SYN has left.
  void SetDeferred(bool deferred) { cells_[0] = deferred ? 1 : 0; }
  // Bytes that the kernel has taken, in the SYN or behind it.
  void SetSent(size_t bytes) { cells_[1] = static_cast<int32_t>(bytes); }

 private:
  int32_t* cells_;
};

enum class FastOpen : uint32_t { kOff, kCookie, kNoCookie };

struct Bytes {
  const uint8_t* data = nullptr;
  size_t length = 0;
};

struct ConnectRequest {
  std::string remote_address;
  uint16_t remote_port = 0;
  // Empty: the kernel chooses.
  std::string local_address;
  // 0: the kernel picks any port.
  PackedRange ports = 0;
  Ownership ownership;
  FastOpen fast_open = FastOpen::kOff;
  // Sent in the SYN if the kernel kept it back.
  Bytes data;
};

int Connect(const ConnectRequest& request, ConnectOutcome& outcome);

// Continues a reserved tuple: lets packets in again, and sends the SYN with as much of `data` as fits.
// Returns 0 or -errno; the descriptor stays the caller's.
struct PromoteRequest {
  int fd = -1;
  bool set_mark = false;
  uint32_t mark = 0;
  Bytes data;
};

int Promote(const PromoteRequest& request, ConnectOutcome& outcome);

struct ListenRequest {
  std::string address;
  uint16_t port = 0;
  int backlog = 0;
  // How many connections may be open whose handshake has not ended; 0: no Fast Open.
  int fast_open_queue = 0;
  bool no_cookie = false;
  bool v6_only = false;
  Ownership ownership;
};

int Listen(const ListenRequest& request, Outcome& outcome);

// The bytes that the kernel takes now, or -errno.
int Send(int fd, Bytes bytes);

// Fills `info` with struct tcp_info as far as the kernel knows it; the bytes filled, or -errno.
int TcpInfo(int fd, uint8_t* info, size_t length);

}  // namespace tfo_socket
