// Crosses between JavaScript and the system calls of a service manager.

#include "service_manager_exports.h"

#include "exports.h"
#include "notify_socket.h"
#include "process_handle.h"
#include "slatfatf/arguments.h"

namespace restart {

namespace {

using slatfatf::Arguments;

// (address) -> fd
Napi::Value BindNotifySocketCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), BindNotifySocket(address));
}

// (fd, into, descriptors, sender) -> bytes received or -errno. sender becomes pid, uid, gid.
Napi::Value ReceiveNotificationCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  Span into;
  into.bytes = arguments.Typed<uint8_t>(1, napi_uint8_array, &into.length);
  size_t room = 0;
  int32_t* descriptors = arguments.Typed<int32_t>(2, napi_int32_array, &room);
  size_t fields = 0;
  int32_t* sender = arguments.Typed<int32_t>(3, napi_int32_array, &fields);
  if (!arguments.Ok()) return info.Env().Undefined();
  if (room <= kMostDescriptors || fields < 3) {
    Napi::RangeError::New(info.Env(), "the arrays must have room for 254 and 3 numbers")
        .ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  Credentials from;
  const ssize_t length = ReceiveNotification(fd, into, descriptors, &from);
  sender[0] = from.pid;
  sender[1] = static_cast<int32_t>(from.uid);
  sender[2] = static_cast<int32_t>(from.gid);
  return Napi::Number::New(info.Env(), static_cast<double>(length));
}

// (fd) -> boolean
Napi::Value IsHungUpCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), IsHungUp(fd));
}

// (pid) -> fd
Napi::Value OpenProcessCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int pid = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), OpenProcess(pid));
}

// (process, signal)
Napi::Value SignalProcessCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int process = arguments.Int32(0);
  const int signal = arguments.Int32(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), SignalProcess(process, signal));
}

}  // namespace

void ExportServiceManager(Napi::Env env, Napi::Object exports) {
  Export<BindNotifySocketCall>(env, exports, "bindNotifySocket");
  Export<ReceiveNotificationCall>(env, exports, "receiveNotification");
  Export<IsHungUpCall>(env, exports, "isHungUp");
  Export<OpenProcessCall>(env, exports, "openProcess");
  Export<SignalProcessCall>(env, exports, "signalProcess");
}

}  // namespace restart
