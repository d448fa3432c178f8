// One epoll for all sockets that a thread waits for: thousands of them cost libuv one handle. An entry
// carries a token and not its descriptor, because a number may be reused between the wait and the delivery.
// Created, used and freed on the thread of its environment.
#pragma once

#include <napi.h>

#include <map>

#include "slatfatf/readable_poll.h"
#include "slatfatf/unique_fd.h"

namespace tfo_socket {

class ReadinessSet : public Napi::ObjectWrap<ReadinessSet> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (callback): called from the event loop when drain has something to say. Does not hold the loop open until
  // ref. Throws with errno and syscall.
  explicit ReadinessSet(const Napi::CallbackInfo& info);

 private:
  // (fd, token, writable, owned) -> 0 or -errno. Tells once of an error or a hang-up, and of writability if
  // asked. What is owned is closed if the thread ends while it is in the set.
  Napi::Value Add(const Napi::CallbackInfo& info);

  // (fd) -> 0 or -errno. Closing the descriptor is no substitute: a copy elsewhere keeps the entry.
  Napi::Value Remove(const Napi::CallbackInfo& info);

  // (events) -> number of pairs of token and EPOLL bits, or -errno. What does not fit is told next time.
  Napi::Value Drain(const Napi::CallbackInfo& info);

  void Ref(const Napi::CallbackInfo& info);
  void Unref(const Napi::CallbackInfo& info);

  // The poll handle goes first, so that libuv never watches a number that somebody else has reused.
  slatfatf::UniqueFd epoll_;
  std::map<int, slatfatf::UniqueFd> owned_;
  slatfatf::ReadablePoll::Owner poll_;
};

// The pending error of a socket, which asking clears: 0 or more, or -errno if asking failed.
int SocketError(int fd);

}  // namespace tfo_socket
