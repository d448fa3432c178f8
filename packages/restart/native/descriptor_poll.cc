#include "descriptor_poll.h"

#include <unistd.h>

#include "slatfatf/arguments.h"
#include "slatfatf/errno_error.h"

namespace restart {

using slatfatf::Arguments;

class PollHandle {
 public:
  static PollHandle* Create(Napi::Env env, int fd, bool owned, int* error) {
    uv_loop_t* loop = nullptr;
    if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
      *error = UV_ECANCELED;
      return nullptr;
    }
    auto* self = new PollHandle(env);
    *error = uv_poll_init(loop, &self->handle_, fd);
    if (*error != 0) {
      delete self;
      return nullptr;
    }
    self->handle_.data = self;
    if (owned) self->fd_ = fd;
    if (napi_add_async_cleanup_hook(env, OnEnvironmentEnds, self, &self->hook_) != napi_ok) {
      self->LetGo();
      *error = UV_ECANCELED;
      return nullptr;
    }
    return self;
  }

  // Holds on to `owner` while it polls: without that the object would be collected when nobody refers to it,
  // and its destructor would end the polling without a word.
  int Start(int events, Napi::Function callback, Napi::Object owner) {
    if (closing_) return UV_EBADF;
    const int status = uv_poll_start(&handle_, events, OnEvent);
    if (status != 0) return status;
    callback_ = Napi::Persistent(callback);
    owner_ = Napi::Persistent(owner);
    events_ = events;
    return 0;
  }

  int Stop() {
    if (closing_) return 0;
    Forget();
    return uv_poll_stop(&handle_);
  }

  void Ref() {
    if (!closing_) uv_ref(Generic());
  }

  void Unref() {
    if (!closing_) uv_unref(Generic());
  }

  void LetGo() {
    Close();
    owned_ = false;
    if (closed_) delete this;
  }

 private:
  explicit PollHandle(napi_env env) : env_(env) {}
  ~PollHandle() = default;

  uv_handle_t* Generic() { return reinterpret_cast<uv_handle_t*>(&handle_); }

  void Close() {
    if (closing_) return;
    closing_ = true;
    Forget();
    uv_close(Generic(), OnClosed);
  }

  void Forget() {
    callback_.Reset();
    owner_.Reset();
  }

  static void OnClosed(uv_handle_t* handle) {
    auto* self = static_cast<PollHandle*>(handle->data);
    self->closed_ = true;
    if (self->hook_ != nullptr) napi_remove_async_cleanup_hook(self->hook_);
    if (!self->owned_) delete self;
  }

  static void OnEvent(uv_poll_t* handle, int status, int) {
    auto* self = static_cast<PollHandle*>(handle->data);
    // libuv stops at POLLERR without POLLIN. Whoever reads or writes next gets the error itself.
    if (status < 0) uv_poll_start(handle, self->events_, OnEvent);

    Napi::Env env(self->env_);
    Napi::HandleScope scope(env);
    napi_value callback = self->callback_.Value();
    if (callback == nullptr) return;
    napi_status called = napi_make_callback(env, nullptr, env.Global(), callback, 0, nullptr, nullptr);
    if (called == napi_pending_exception) {
      napi_value exception;
      if (napi_get_and_clear_last_exception(env, &exception) == napi_ok) {
        napi_fatal_exception(env, exception);
      }
    }
  }

  static void OnEnvironmentEnds(napi_async_cleanup_hook_handle, void* data) {
    auto* self = static_cast<PollHandle*>(data);
    const bool was_open = !self->closing_;
    self->Close();
    if (was_open && self->fd_ >= 0) ::close(self->fd_);
  }

  napi_env env_;
  // Only if it is to be closed with the environment.
  int fd_ = -1;
  uv_poll_t handle_{};
  napi_async_cleanup_hook_handle hook_ = nullptr;
  Napi::FunctionReference callback_;
  Napi::ObjectReference owner_;
  int events_ = 0;
  bool owned_ = true;
  bool closing_ = false;
  bool closed_ = false;
};

Napi::Function DescriptorPoll::Define(Napi::Env env) {
  return DefineClass(env, "DescriptorPoll",
                     {
                         InstanceMethod<&DescriptorPoll::Start>("start"),
                         InstanceMethod<&DescriptorPoll::Stop>("stop"),
                         InstanceMethod<&DescriptorPoll::Ref>("ref"),
                         InstanceMethod<&DescriptorPoll::Unref>("unref"),
                         InstanceMethod<&DescriptorPoll::Close>("close"),
                     });
}

DescriptorPoll::DescriptorPoll(const Napi::CallbackInfo& info) : Napi::ObjectWrap<DescriptorPoll>(info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const bool owned = info[1].IsBoolean() && arguments.Boolean(1);
  if (!arguments.Ok()) return;
  int error = 0;
  handle_ = PollHandle::Create(info.Env(), fd, owned, &error);
  if (handle_ == nullptr) slatfatf::ThrowErrno(info.Env(), -error, "uv_poll_init");
}

DescriptorPoll::~DescriptorPoll() { LetGo(); }

Napi::Value DescriptorPoll::Start(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int events = arguments.Int32(0);
  Napi::Function callback = arguments.Function(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  if (handle_ == nullptr) return Napi::Number::New(info.Env(), UV_EBADF);
  return Napi::Number::New(info.Env(), handle_->Start(events, callback, info.This().As<Napi::Object>()));
}

Napi::Value DescriptorPoll::Stop(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), handle_ != nullptr ? handle_->Stop() : 0);
}

void DescriptorPoll::Ref(const Napi::CallbackInfo&) {
  if (handle_ != nullptr) handle_->Ref();
}

void DescriptorPoll::Unref(const Napi::CallbackInfo&) {
  if (handle_ != nullptr) handle_->Unref();
}

void DescriptorPoll::Close(const Napi::CallbackInfo&) { LetGo(); }

void DescriptorPoll::LetGo() {
  if (handle_ == nullptr) return;
  handle_->LetGo();
  handle_ = nullptr;
}

}  // namespace restart
