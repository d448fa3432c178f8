#include "readiness.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include "slatfatf/arguments.h"
#include "slatfatf/errno_error.h"

namespace tfo_socket {

using slatfatf::Arguments;

Napi::Function ReadinessSet::Define(Napi::Env env) {
  return DefineClass(env, "ReadinessSet",
                     {
                         InstanceMethod<&ReadinessSet::Add>("add"),
                         InstanceMethod<&ReadinessSet::Remove>("remove"),
                         InstanceMethod<&ReadinessSet::Drain>("drain"),
                         InstanceMethod<&ReadinessSet::Ref>("ref"),
                         InstanceMethod<&ReadinessSet::Unref>("unref"),
                     });
}

ReadinessSet::ReadinessSet(const Napi::CallbackInfo& info) : Napi::ObjectWrap<ReadinessSet>(info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  Napi::Function callback = arguments.Function(0);
  if (!arguments.Ok()) return;

  epoll_ = slatfatf::UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.IsOpen()) {
    slatfatf::ThrowErrno(env, errno, "epoll_create1");
    return;
  }
  int error = 0;
  poll_ = slatfatf::ReadablePoll::Create(env, epoll_.Get(), &error);
  if (poll_) error = poll_->Start(callback);
  if (error != 0) {
    slatfatf::ThrowErrno(env, -error, "uv_poll_start");
    return;
  }
  poll_->Unref();
}

Napi::Value ReadinessSet::Add(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const uint32_t token = arguments.Uint32(1);
  const bool writable = arguments.Boolean(2);
  const bool owned = arguments.Boolean(3);
  if (!arguments.Ok()) return info.Env().Undefined();
  epoll_event event{};
  event.events = EPOLLERR | EPOLLHUP | EPOLLET | EPOLLONESHOT;
  if (writable) event.events |= EPOLLOUT;
  event.data.u64 = token;
  if (::epoll_ctl(epoll_.Get(), EPOLL_CTL_ADD, fd, &event) != 0) return Napi::Number::New(info.Env(), -errno);
  if (owned) owned_.try_emplace(fd, fd);
  return Napi::Number::New(info.Env(), 0);
}

Napi::Value ReadinessSet::Remove(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  const auto owned = owned_.find(fd);
  if (owned != owned_.end()) {
    owned->second.Release();
    owned_.erase(owned);
  }
  epoll_event unused{};
  const int result = ::epoll_ctl(epoll_.Get(), EPOLL_CTL_DEL, fd, &unused);
  return Napi::Number::New(info.Env(), result == 0 ? 0 : -errno);
}

Napi::Value ReadinessSet::Drain(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  size_t length = 0;
  uint32_t* cells = arguments.Typed<uint32_t>(0, napi_uint32_array, &length);
  if (!arguments.Ok()) return info.Env().Undefined();

  epoll_event events[256];
  const int room = static_cast<int>(std::min(length / 2, std::size(events)));
  if (room == 0) return Napi::Number::New(info.Env(), -EINVAL);
  int count;
  do {
    count = ::epoll_wait(epoll_.Get(), events, room, 0);
  } while (count < 0 && errno == EINTR);
  for (int i = 0; i < count; i++) {
    cells[2 * i] = static_cast<uint32_t>(events[i].data.u64);
    cells[2 * i + 1] = events[i].events;
  }
  return Napi::Number::New(info.Env(), count >= 0 ? count : -errno);
}

void ReadinessSet::Ref(const Napi::CallbackInfo&) {
  if (poll_) poll_->Ref();
}

void ReadinessSet::Unref(const Napi::CallbackInfo&) {
  if (poll_) poll_->Unref();
}

int SocketError(int fd) {
  int error = 0;
  socklen_t size = sizeof(error);
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : -errno;
}

}  // namespace tfo_socket
