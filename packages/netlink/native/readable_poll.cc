#include "readable_poll.h"

namespace slatfatf {

std::shared_ptr<ReadablePoll> ReadablePoll::Create(Napi::Env env, int fd, int* error) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    *error = UV_ECANCELED;
    return nullptr;
  }
  std::shared_ptr<ReadablePoll> poll(new ReadablePoll(env));
  *error = uv_poll_init(loop, &poll->handle_, fd);
  if (*error != 0) return nullptr;
  poll->handle_.data = poll.get();
  poll->self_ = poll;
  napi_add_async_cleanup_hook(env, OnEnvironmentEnds, poll.get(), &poll->hook_);
  return poll;
}

int ReadablePoll::Start(Napi::Function callback) {
  if (closing_) return UV_EBADF;
  callback_ = Napi::Persistent(callback);
  return uv_poll_start(&handle_, UV_READABLE, OnReadable);
}

int ReadablePoll::Stop() {
  if (closing_) return 0;
  callback_.Reset();
  return uv_poll_stop(&handle_);
}

void ReadablePoll::Ref() {
  if (!closing_) uv_ref(reinterpret_cast<uv_handle_t*>(&handle_));
}

void ReadablePoll::Unref() {
  if (!closing_) uv_unref(reinterpret_cast<uv_handle_t*>(&handle_));
}

void ReadablePoll::Close() {
  if (closing_) return;
  closing_ = true;
  callback_.Reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_), [](uv_handle_t* handle) {
    auto* poll = static_cast<ReadablePoll*>(handle->data);
    if (poll->hook_ != nullptr) napi_remove_async_cleanup_hook(poll->hook_);
    poll->self_.reset();
  });
}

void ReadablePoll::OnReadable(uv_poll_t* handle, int status, int) {
  auto* poll = static_cast<ReadablePoll*>(handle->data);
  // A receive buffer overrun shows as POLLERR, on which libuv stops polling and reports EBADF. The socket is
  // still good: reading it returns the error once and clears it.
  if (status < 0) uv_poll_start(handle, UV_READABLE, OnReadable);

  std::shared_ptr<ReadablePoll> alive = poll->self_;
  Napi::Env env(poll->env_);
  Napi::HandleScope scope(env);
  napi_value callback = poll->callback_.Value();
  if (callback == nullptr) return;
  napi_status called =
      napi_make_callback(env, nullptr, env.Global(), callback, 0, nullptr, nullptr);
  if (called == napi_pending_exception) {
    napi_value exception;
    if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
      napi_fatal_exception(env, exception);
    }
  }
}

void ReadablePoll::OnEnvironmentEnds(napi_async_cleanup_hook_handle, void* self) {
  static_cast<ReadablePoll*>(self)->Close();
}

}  // namespace slatfatf
