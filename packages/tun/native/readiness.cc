#include "readiness.h"

#include <cerrno>

namespace tun {

Readiness::Owner Readiness::Create(Napi::Env env, int fd, int* error) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    *error = -EINVAL;
    return nullptr;
  }
  Readiness* readiness = new Readiness(env);
  *error = uv_poll_init(loop, &readiness->poll_, fd);
  if (*error != 0) {
    delete readiness;
    return nullptr;
  }
  readiness->poll_.data = readiness;
  readiness->context_.emplace(env, "TunQueue");
  napi_add_async_cleanup_hook(
      env, [](napi_async_cleanup_hook_handle, void* data) { static_cast<Readiness*>(data)->Close(); },
      readiness, &readiness->hook_);
  return Owner(readiness);
}

int Readiness::Start(int events, Napi::Function callback) {
  if (closing_) return -EBADF;
  callback_ = Napi::Persistent(callback);
  return uv_poll_start(&poll_, events & (UV_READABLE | UV_WRITABLE), OnEvent);
}

void Readiness::Stop() {
  if (closing_) return;
  uv_poll_stop(&poll_);
  callback_.Reset();
}

void Readiness::SetRef(bool on) {
  if (closing_) return;
  uv_handle_t* handle = reinterpret_cast<uv_handle_t*>(&poll_);
  on ? uv_ref(handle) : uv_unref(handle);
}

void Readiness::Close() {
  if (closing_) return;
  closing_ = true;
  callback_.Reset();
  context_.reset();
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), OnClosed);
}

void Readiness::OnEvent(uv_poll_t* poll, int error, int events) {
  Readiness* readiness = static_cast<Readiness*>(poll->data);
  if (readiness->closing_ || readiness->callback_.IsEmpty()) return;
  napi_env env = readiness->env_;
  Napi::HandleScope scope(env);
  napi_value receiver;
  napi_value happened;
  napi_get_global(env, &receiver);
  napi_create_int32(env, error < 0 ? 0 : events, &happened);
  const napi_status status = napi_make_callback(env, *readiness->context_, receiver,
                                                readiness->callback_.Value(), 1, &happened, nullptr);
  // What the callback throws is the application's: it goes where an exception of any other callback goes.
  if (status == napi_pending_exception) {
    napi_value exception;
    if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
  }
}

void Readiness::OnClosed(uv_handle_t* handle) {
  Readiness* readiness = static_cast<Readiness*>(handle->data);
  if (readiness->hook_ != nullptr) napi_remove_async_cleanup_hook(readiness->hook_);
  readiness->Drop();
}

void Readiness::Drop() {
  holders_ -= 1;
  if (holders_ == 0) delete this;
}

}  // namespace tun
