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

inline ReadablePoll::Owner ReadablePoll::Create(Napi::Env env, int fd, int* error) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    *error = UV_ECANCELED;
    return nullptr;
  }
  auto* poll = new ReadablePoll(env);
  *error = uv_poll_init(loop, &poll->handle_, fd);
  if (*error != 0) {
    delete poll;
    return nullptr;
  }
  poll->handle_.data = poll;
  napi_add_async_cleanup_hook(env, OnEnvironmentEnds, poll, &poll->hook_);
  return Owner(poll);
}

inline void ReadablePoll::LetGo::operator()(ReadablePoll* poll) const {
  poll->Close();
  poll->owned_ = false;
  if (poll->closed_) delete poll;
}

inline int ReadablePoll::Start(Napi::Function callback) {
  if (closing_) return UV_EBADF;
  callback_ = Napi::Persistent(callback);
  return uv_poll_start(&handle_, UV_READABLE, OnReadable);
}

inline int ReadablePoll::Stop() {
  if (closing_) return 0;
  callback_.Reset();
  return uv_poll_stop(&handle_);
}

inline void ReadablePoll::Ref() {
  if (!closing_) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_));
}

inline void ReadablePoll::Unref() {
  if (!closing_) uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
}

inline void ReadablePoll::Close() {
  if (closing_) return;
  closing_ = true;
  callback_.Reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), OnClosed);
}

inline void ReadablePoll::OnClosed(uv_handle_t* handle) {
  auto* poll = static_cast<ReadablePoll*>(handle->data);
  poll->closed_ = true;
  if (poll->hook_ != nullptr) napi_remove_async_cleanup_hook(poll->hook_);
  if (!poll->owned_) delete poll;
}

inline void ReadablePoll::OnReadable(uv_poll_t* handle, int status, int) {
  auto* poll = static_cast<ReadablePoll*>(handle->data);
  // A receive buffer overrun shows as POLLERR, on which libuv stops polling and reports EBADF. The socket is
  // still good: reading it returns the error once and clears it.
  if (status < 0) uv_poll_start(handle, UV_READABLE, OnReadable);

  Napi::Env env(poll->env_);
  Napi::HandleScope scope(env);
  napi_value callback = poll->callback_.Value();
  if (callback == nullptr) return;
  napi_status called = napi_make_callback(env, nullptr, env.Global(), callback, 0, nullptr, nullptr);
  if (called == napi_pending_exception) {
    napi_value exception;
    if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
      napi_fatal_exception(env, exception);
    }
  }
}

inline void ReadablePoll::OnEnvironmentEnds(napi_async_cleanup_hook_handle, void* self) {
  static_cast<ReadablePoll*>(self)->Close();
}

}  // namespace slatfatf
