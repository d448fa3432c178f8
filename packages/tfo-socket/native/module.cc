// What the addon offers. Each room exports its own part; here is only what belongs to none.

#include <napi.h>

#include <iterator>

#include "descriptor_table.h"
#include "fast_open_exports.h"
#include "outcome.h"
#include "reservation_exports.h"
#include "slatfatf/arguments.h"

namespace {

using slatfatf::Arguments;

Napi::Value GrowDescriptorTable(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int count = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), tfo_socket::GrowDescriptorTable(count));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("growDescriptorTable", Napi::Function::New<GrowDescriptorTable>(env, "growDescriptorTable"));
  tfo_socket::ExportReservations(env, exports);
  tfo_socket::ExportFastOpen(env, exports);

  Napi::Array names = Napi::Array::New(env, std::size(tfo_socket::kStepNames));
  for (uint32_t i = 0; i < names.Length(); i++) names.Set(i, tfo_socket::kStepNames[i]);
  exports.Set("stepNames", names);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
