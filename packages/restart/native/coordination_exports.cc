#include "coordination_exports.h"

#include "accept.h"
#include "exports.h"
#include "slatfatf/arguments.h"
#include "slatfatf/unique_fd.h"

namespace restart {

namespace {

// (fd, backlog)
Napi::Value ListenCall(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const int backlog = arguments.Int32(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), Listen(fd, backlog));
}

// (fd) -> fd or -errno
Napi::Value AcceptCall(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  const int listener = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  const int accepted = Accept(listener);
  slatfatf::UniqueFd fd(accepted);
  napi_value number;
  // Nobody would own it if the number cannot be made.
  if (napi_create_int32(info.Env(), accepted, &number) != napi_ok) return info.Env().Undefined();
  fd.Release();
  return Napi::Value(info.Env(), number);
}

}  // namespace

void ExportCoordination(Napi::Env env, Napi::Object exports) {
  Export<ListenCall>(env, exports, "listenOn");
  Export<AcceptCall>(env, exports, "acceptConnection");
}

}  // namespace restart
