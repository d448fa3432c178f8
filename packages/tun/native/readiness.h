// Tells JavaScript, on the event loop of its environment, that a descriptor has something to read.
//
// The uv handle outlives whoever asked for it: libuv gives its memory back one loop turn after closing, and
// an environment that ends (worker.terminate()) must find it closed. So the watcher has two holders, libuv
// and its owner, and goes with the later of them; an async cleanup hook closes it when nobody else has.
// (Counted by hand: std::shared_ptr would ask for a newer C library.)
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>
#include <optional>

namespace tun {

class Readiness {
 public:
  struct Release {
    void operator()(Readiness* readiness) const {
      readiness->Close();
      readiness->Drop();
    }
  };
  using Owner = std::unique_ptr<Readiness, Release>;

  // Null with *error set to -errno if libuv refuses the descriptor. Poll a TUN descriptor only after
  // TUNSETIFF: before it, epoll reports an error and nothing else.
  static Owner Create(Napi::Env env, int fd, int* error);

  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // Level-triggered: `callback(events)` runs every loop turn in which one of the events holds (UV_READABLE,
  // UV_WRITABLE). When the descriptor is in error, which reading will report, `callback(0)` runs once. Called
  // again, it replaces both. Returns 0 or -errno.
  int Start(int events, Napi::Function callback);
  void Stop();
  void SetRef(bool on);

  // After it the descriptor may be closed at once. Idempotent.
  void Close();

 private:
  explicit Readiness(Napi::Env env) : env_(env) {}
  static void OnEvent(uv_poll_t* poll, int status, int events);
  static void OnClosed(uv_handle_t* handle);
  void Drop();

  Napi::Env env_;
  uv_poll_t poll_{};
  Napi::FunctionReference callback_;
  std::optional<Napi::AsyncContext> context_;
  napi_async_cleanup_hook_handle hook_ = nullptr;
  int holders_ = 2;
  bool closing_ = false;
};

}  // namespace tun
