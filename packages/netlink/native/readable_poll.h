// Tells JavaScript when a descriptor has something to read. Lives on the thread of its environment. libuv
// keeps the handle until one loop turn after closing, so the object is deleted when both its owner and libuv
// have let go, whoever is last. A worker that ends first closes it through the cleanup hook: an open handle
// would abort the whole process. (Not a shared_ptr: its counting needs a symbol of glibc 2.32.)
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

namespace slatfatf {

class ReadablePoll {
 public:
  struct LetGo {
    void operator()(ReadablePoll* poll) const;
  };
  // Letting go closes: destroy it before closing the descriptor.
  using Owner = std::unique_ptr<ReadablePoll, LetGo>;

  // Borrows `fd`. Returns nothing, and sets *error to -errno, when libuv refuses.
  static Owner Create(Napi::Env env, int fd, int* error);

  // Start holds the event loop open until Unref. Both return 0 or -errno.
  int Start(Napi::Function callback);
  int Stop();
  void Ref();
  void Unref();

 private:
  explicit ReadablePoll(napi_env env) : env_(env) {}

  ~ReadablePoll() = default;

  void Close();
  static void OnClosed(uv_handle_t* handle);
  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnEnvironmentEnds(napi_async_cleanup_hook_handle hook, void* self);

  napi_env env_;
  uv_poll_t handle_{};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  Napi::FunctionReference callback_;
  bool owned_ = true;
  bool closing_ = false;
  bool closed_ = false;
};

}  // namespace slatfatf
