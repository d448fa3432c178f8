// Crosses between JavaScript and the system calls of readiness and Fast Open. The functions return 0 or more,
// or -errno, and never throw for what the kernel refuses.

#include "fast_open_exports.h"

#include "readiness.h"
#include "slatfatf/arguments.h"

namespace tfo_socket {

namespace {

using slatfatf::Arguments;

Napi::Value SocketErrorOf(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), SocketError(fd));
}

}  // namespace

void ExportFastOpen(Napi::Env env, Napi::Object exports) {
  exports.Set("ReadinessSet", ReadinessSet::Define(env));
  exports.Set("socketError", Napi::Function::New<SocketErrorOf>(env, "socketError"));
}

}  // namespace tfo_socket
