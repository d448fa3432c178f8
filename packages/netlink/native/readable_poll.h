// Tells JavaScript when a descriptor has something to read. Lives on the thread of its environment. The uv
// handle must outlive its owner until libuv has let go of it, so the object keeps itself alive from Create
// until the close callback; the owner's shared_ptr only decides when closing starts. A worker that ends
// first closes it through the cleanup hook: an open handle would abort the whole process.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

namespace slatfatf {

class ReadablePoll {
 public:
  // Borrows `fd`: call Close before closing it. Returns nothing, and sets *error, when libuv refuses.
  static std::shared_ptr<ReadablePoll> Create(Napi::Env env, int fd, int* error);

  // Start holds the event loop open until Unref. All return 0 or -errno; all but Close need an open handle.
  int Start(Napi::Function callback);
  int Stop();
  void Ref();
  void Unref();

  // Idempotent. The descriptor may be closed as soon as this returns.
  void Close();

 private:
  explicit ReadablePoll(napi_env env) : env_(env) {}

  static void OnReadable(uv_poll_t* handle, int status, int events);
  static void OnEnvironmentEnds(napi_async_cleanup_hook_handle hook, void* self);

  napi_env env_;
  uv_poll_t handle_{};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  Napi::FunctionReference callback_;
  std::shared_ptr<ReadablePoll> self_;
  bool closing_ = false;
};

}  // namespace slatfatf
