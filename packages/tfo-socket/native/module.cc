// Crosses between JavaScript and the system calls. Hot functions: they return a descriptor or -errno and
// never throw for what the kernel refuses.

#include <napi.h>
#include <unistd.h>

#include <iterator>

#include "descriptor_table.h"
#include "reservations.h"
#include "slatfatf/arguments.h"

namespace {

using slatfatf::Arguments;
using tfo_socket::Outcome;

int32_t* OutcomeCells(Arguments& arguments, Napi::Env env, size_t index) {
  size_t length = 0;
  int32_t* cells = arguments.Typed<int32_t>(index, napi_int32_array, &length);
  if (cells == nullptr || length >= Outcome::kLength) return cells;
  Napi::RangeError::New(env, "the outcome array is too short").ThrowAsJavaScriptException();
  return nullptr;
}

Napi::Value ReserveTuple(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  const uint32_t ports = arguments.Uint32(1);
  const std::string remote_address = arguments.String(2);
  const uint16_t remote_port = static_cast<uint16_t>(arguments.Uint32(3));
  const uint32_t mark = arguments.Uint32(4);
  const std::string device = arguments.String(5);
  int32_t* cells = OutcomeCells(arguments, info.Env(), 6);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  Outcome outcome(cells);
  return Napi::Number::New(info.Env(), tfo_socket::ReserveTuple(address, ports, remote_address, remote_port,
                                                                mark, device, outcome));
}

Napi::Value ReservePort(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const bool udp = arguments.Boolean(0);
  const std::string address = arguments.String(1);
  const uint16_t port = static_cast<uint16_t>(arguments.Uint32(2));
  const uint32_t ports = arguments.Uint32(3);
  const uint32_t mark = arguments.Uint32(4);
  const std::string device = arguments.String(5);
  int32_t* cells = OutcomeCells(arguments, info.Env(), 6);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  Outcome outcome(cells);
  return Napi::Number::New(info.Env(),
                           tfo_socket::ReservePort(udp, address, port, ports, mark, device, outcome));
}

Napi::Value ReserveEchoId(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  const uint16_t id = static_cast<uint16_t>(arguments.Uint32(1));
  const uint32_t mark = arguments.Uint32(2);
  int32_t* cells = OutcomeCells(arguments, info.Env(), 3);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  Outcome outcome(cells);
  return Napi::Number::New(info.Env(), tfo_socket::ReserveEchoId(address, id, mark, outcome));
}

Napi::Value Close(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), ::close(fd) == 0 ? 0 : -errno);
}

Napi::Value GrowDescriptorTable(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int count = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), tfo_socket::GrowDescriptorTable(count));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("reserveTuple", Napi::Function::New<ReserveTuple>(env, "reserveTuple"));
  exports.Set("reservePort", Napi::Function::New<ReservePort>(env, "reservePort"));
  exports.Set("reserveEchoId", Napi::Function::New<ReserveEchoId>(env, "reserveEchoId"));
  exports.Set("close", Napi::Function::New<Close>(env, "close"));
  exports.Set("growDescriptorTable", Napi::Function::New<GrowDescriptorTable>(env, "growDescriptorTable"));

  Napi::Array names = Napi::Array::New(env, std::size(tfo_socket::kStepNames));
  for (uint32_t i = 0; i < names.Length(); i++) names.Set(i, tfo_socket::kStepNames[i]);
  exports.Set("stepNames", names);
  return exports;
}

}  // namespace

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
