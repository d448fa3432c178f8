// One AF_NETLINK socket, non-blocking, talking to the kernel only. Created, used and freed on the thread of
// its environment. Close() and the finalizer release the poll handle first and the descriptor second, so
// libuv never watches a number that somebody else has reused. After Close every call answers -EBADF.
#pragma once

#include <napi.h>

#include "slatfatf/readable_poll.h"
#include "slatfatf/unique_fd.h"

namespace slatfatf {

class NetlinkSocket : public Napi::ObjectWrap<NetlinkSocket> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (protocol, netnsPath): an empty path stays in the current namespace. Throws with errno and syscall.
  explicit NetlinkSocket(const Napi::CallbackInfo& info);
  ~NetlinkSocket() override;

 private:
  // The address the kernel answers to; unique for this protocol and namespace.
  Napi::Value PortId(const Napi::CallbackInfo& info);

  // (level, name, value) -> 0 or -errno.
  Napi::Value SetOption(const Napi::CallbackInfo& info);

  // (level, name) -> value or -errno.
  Napi::Value GetOption(const Napi::CallbackInfo& info);

  // (bytes) -> bytes sent or -errno. One call is one datagram, of one message or many.
  Napi::Value Send(const Napi::CallbackInfo& info);

  // (buffer, outcomes, roomBytes) -> number of outcomes, or -errno when the first read failed (-EAGAIN:
  // empty). An outcome is three numbers: bytes stored, bytes the datagram had (more: it was cut), and the id
  // of the namespace it is from or -1. Datagrams stand one after the other, each at the next multiple of
  // four. Reading stops when less than roomBytes are left. An error that follows datagrams is the last
  // outcome: -errno, 0, -1; the kernel tells it only once.
  Napi::Value Receive(const Napi::CallbackInfo& info);

  Napi::Value StartPolling(const Napi::CallbackInfo& info);
  Napi::Value StopPolling(const Napi::CallbackInfo& info);
  void Ref(const Napi::CallbackInfo& info);
  void Unref(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void Release();

  UniqueFd fd_;
  uint32_t port_id_ = 0;
  ReadablePoll::Owner poll_;
};

}  // namespace slatfatf
