// Crosses between JavaScript and the calls that reserve. Hot functions: they return a descriptor or -errno
// and never throw for what the kernel refuses.

#include "reservation_exports.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>

#include "endpoint.h"
#include "request_block.h"
#include "reservations.h"
#include "slatfatf/arguments.h"
#include "slatfatf/errno_error.h"
#include "socket_facts.h"

namespace tfo_socket {

namespace {

using slatfatf::Arguments;

using Reserve = int (*)(const RequestBlock&, const Ownership&, Outcome&);

// () -> descriptor or -errno. Everything else is in the block. Plain Node-API, because this is called for
// each new flow, and the wrapper makes a heap number of every result.
template <Reserve reserve>
napi_value ReserveCall(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &data);
  RequestBlock& block = *static_cast<RequestBlock*>(data);
  Outcome outcome(block.outcome);
  const Ownership ownership{block.mark,
                            std::string(block.device, ::strnlen(block.device, sizeof(block.device))),
                            block.shared != 0};
  napi_value result = nullptr;
  napi_create_int32(env, reserve(block, ownership, outcome), &result);
  return result;
}

template <Reserve reserve>
void ExportReserve(Napi::Env env, Napi::Object exports, const char* name, RequestBlock* block) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, ReserveCall<reserve>, block, &function);
  exports.Set(name, Napi::Value(env, function));
}

// (text, bytes: 16) -> 4, 6, or 0 for what is no address. The kernel's own notation, by its own parser.
Napi::Value ParseAddressCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string text = arguments.String(0);
  size_t length = 0;
  uint8_t* bytes = arguments.Typed<uint8_t>(1, napi_uint8_array, &length);
  if (!arguments.Ok() || length < sizeof(in6_addr)) return info.Env().Undefined();
  Endpoint endpoint;
  const uint32_t family = endpoint.Parse(text, 0) ? endpoint.CopyAddress(bytes) : 0;
  return Napi::Number::New(info.Env(), family);
}

// The block lives as long as the environment, in a buffer of JavaScript's that is never let go of. Nothing if
// there is none: a worker that is being terminated is refused it, and nobody will call what it loads.
RequestBlock* ShareBlock(Napi::Env env, Napi::Object exports) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, sizeof(RequestBlock));
  if (buffer.IsEmpty()) return nullptr;
  RequestBlock* block = static_cast<RequestBlock*>(buffer.Data());
  std::memset(block, 0, sizeof(*block));
  exports.Set("requestBlock", buffer);
  auto* reference = new Napi::Reference<Napi::ArrayBuffer>(Napi::Persistent(buffer));
  env.AddCleanupHook([reference] { delete reference; });
  return block;
}

// (fd) -> 0 or -errno. As often as the above.
napi_value CloseCall(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  int32_t fd = -1;
  if (napi_get_value_int32(env, argument, &fd) != napi_ok) fd = -1;
  napi_value result = nullptr;
  napi_create_int32(env, ::close(fd) == 0 ? 0 : -errno, &result);
  return result;
}

// (fd) -> 0 or -errno: a descriptor that came from another process does not go on to the next one by
// accident.
Napi::Value SetCloseOnExecCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? 0 : -errno);
}

// (fd) -> { protocol, address, port, state, fastOpenConnect, repair, shared }, or throws errno and syscall.
Napi::Value SocketFactsCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  SocketFacts facts;
  const char* failed = ReadSocketFacts(fd, &facts);
  if (failed != nullptr) {
    slatfatf::ThrowErrno(info.Env(), errno, failed);
    return info.Env().Undefined();
  }
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("protocol", facts.protocol);
  object.Set("address", facts.address);
  object.Set("port", facts.port);
  object.Set("state", facts.tcp_state);
  object.Set("fastOpenConnect", facts.fast_open_connect);
  object.Set("repair", facts.repair);
  object.Set("shared", facts.shared);
  return object;
}

}  // namespace

void ExportReservations(Napi::Env env, Napi::Object exports) {
  RequestBlock* block = ShareBlock(env, exports);
  if (block == nullptr) return;
  exports.Set("parseAddress", Napi::Function::New<ParseAddressCall>(env, "parseAddress"));
  ExportReserve<ReserveTuple>(env, exports, "reserveTuple", block);
  ExportReserve<ReserveRepair>(env, exports, "reserveRepair", block);
  ExportReserve<ReservePort>(env, exports, "reservePort", block);
  ExportReserve<ReserveEchoId>(env, exports, "reserveEchoId", block);
  napi_value close = nullptr;
  napi_create_function(env, "close", NAPI_AUTO_LENGTH, CloseCall, nullptr, &close);
  exports.Set("close", Napi::Value(env, close));
  exports.Set("setCloseOnExec", Napi::Function::New<SetCloseOnExecCall>(env, "setCloseOnExec"));
  exports.Set("socketFacts", Napi::Function::New<SocketFactsCall>(env, "socketFacts"));
}

}  // namespace tfo_socket
