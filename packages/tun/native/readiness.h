// Tells JavaScript, on the event loop of its environment, that a descriptor has something to read.
//
// The uv handle outlives whoever asked for it: libuv gives its memory back one loop turn after closing, and
// an environment that ends (worker.terminate()) must find it closed. So the watcher holds itself until libuv
// is done, and an async cleanup hook closes it when nobody else has.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>
#include <optional>

namespace tun {

class Readiness : public std::enable_shared_from_this<Readiness> {
 public:
  // Null with *error set to -errno if libuv refuses the descriptor. Poll a TUN descriptor only after
  // TUNSETIFF: before it, epoll reports an error and nothing else.
  static std::shared_ptr<Readiness> Create(Napi::Env env, int fd, int* error);

  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // Level-triggered: `callback(false)` runs every loop turn in which there is something to read. When the
  // descriptor is in error, which reading will report, `callback(true)` runs once. Returns 0 or -errno.
  int Start(Napi::Function callback);
  void Stop();
  void SetRef(bool on);

  // After it the descriptor may be closed at once. Idempotent.
  void Close();

 private:
  explicit Readiness(Napi::Env env) : env_(env) {}
  static void OnEvent(uv_poll_t* poll, int status, int events);
  static void OnClosed(uv_handle_t* handle);

  Napi::Env env_;
  uv_poll_t poll_{};
  Napi::FunctionReference callback_;
  std::optional<Napi::AsyncContext> context_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  std::shared_ptr<Readiness> self_;
  bool closing_ = false;
};

}  // namespace tun
