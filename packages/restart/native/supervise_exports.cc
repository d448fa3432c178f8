// Crosses between JavaScript and the duties of an init process.

#include "supervise_exports.h"

#include "exports.h"
#include "orphans.h"
#include "slatfatf/arguments.h"

namespace restart {

namespace {

using slatfatf::Arguments;

// ()
Napi::Value BecomeSubreaperCall(const Napi::CallbackInfo& info) {
  return NothingOrThrow(info.Env(), BecomeSubreaper());
}

// (known, into) -> how many pairs of pid and status are in `into`
Napi::Value ReapOrphansCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  size_t count = 0;
  size_t room = 0;
  const int32_t* known = arguments.Typed<int32_t>(0, napi_int32_array, &count);
  int32_t* into = arguments.Typed<int32_t>(1, napi_int32_array, &room);
  if (!arguments.Ok()) return info.Env().Undefined();
  size_t ended = 0;
  EndedChild child;
  while (ended < room / 2 && ReapOrphan(known, count, &child)) {
    into[2 * ended] = child.pid;
    into[2 * ended + 1] = child.status;
    ended++;
  }
  return Napi::Number::New(info.Env(), static_cast<double>(ended));
}

// () -> boolean
Napi::Value HasChildrenCall(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), HasChildren());
}

}  // namespace

void ExportSupervise(Napi::Env env, Napi::Object exports) {
  Export<BecomeSubreaperCall>(env, exports, "becomeSubreaper");
  Export<ReapOrphansCall>(env, exports, "reapOrphans");
  Export<HasChildrenCall>(env, exports, "hasChildren");
}

}  // namespace restart
