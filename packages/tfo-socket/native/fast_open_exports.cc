// Crosses between JavaScript and the system calls of readiness and Fast Open. The functions return 0 or more,
// or -errno, and never throw for what the kernel refuses.

#include "fast_open_exports.h"

#include "fast_open.h"
#include "readiness.h"
#include "slatfatf/arguments.h"

namespace tfo_socket {

namespace {

using slatfatf::Arguments;

template <typename OutcomeType>
int32_t* CellsOf(Arguments& arguments, Napi::Env env, size_t index) {
  size_t length = 0;
  int32_t* cells = arguments.Typed<int32_t>(index, napi_int32_array, &length);
  if (cells == nullptr || length >= OutcomeType::kLength) return cells;
  Napi::RangeError::New(env, "the outcome array is too short").ThrowAsJavaScriptException();
  return nullptr;
}

Bytes BytesAt(Arguments& arguments, size_t index) {
  Bytes bytes;
  bytes.data = arguments.Typed<uint8_t>(index, napi_uint8_array, &bytes.length);
  return bytes;
}

// (remoteAddress, remotePort, localAddress, ports, mark, device, fastOpen, data, outcome) -> descriptor or
// -errno.
Napi::Value ConnectCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  ConnectRequest request;
  request.remote_address = arguments.String(0);
  request.remote_port = static_cast<uint16_t>(arguments.Uint32(1));
  request.local_address = arguments.String(2);
  request.ports = arguments.Uint32(3);
  request.ownership.mark = arguments.Uint32(4);
  request.ownership.device = arguments.String(5);
  request.fast_open = static_cast<FastOpen>(arguments.Uint32(6));
  request.data = BytesAt(arguments, 7);
  int32_t* cells = CellsOf<ConnectOutcome>(arguments, info.Env(), 8);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  ConnectOutcome outcome(cells);
  return Napi::Number::New(info.Env(), Connect(request, outcome));
}

// (fd, setMark, mark, data, outcome) -> 0 or -errno.
Napi::Value PromoteCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  PromoteRequest request;
  request.fd = arguments.Int32(0);
  request.set_mark = arguments.Boolean(1);
  request.mark = arguments.Uint32(2);
  request.data = BytesAt(arguments, 3);
  int32_t* cells = CellsOf<ConnectOutcome>(arguments, info.Env(), 4);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  ConnectOutcome outcome(cells);
  return Napi::Number::New(info.Env(), Promote(request, outcome));
}

// (address, port, backlog, fastOpenQueue, noCookie, ipv6Only, mark, device, outcome) -> descriptor or -errno.
Napi::Value ListenCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  ListenRequest request;
  request.address = arguments.String(0);
  request.port = static_cast<uint16_t>(arguments.Uint32(1));
  request.backlog = arguments.Int32(2);
  request.fast_open_queue = arguments.Int32(3);
  request.no_cookie = arguments.Boolean(4);
  request.v6_only = arguments.Boolean(5);
  request.ownership.mark = arguments.Uint32(6);
  request.ownership.device = arguments.String(7);
  int32_t* cells = CellsOf<Outcome>(arguments, info.Env(), 8);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  Outcome outcome(cells);
  return Napi::Number::New(info.Env(), Listen(request, outcome));
}

// (fd, bytes) -> bytes that the kernel took, or -errno.
Napi::Value SendCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const Bytes bytes = BytesAt(arguments, 1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), Send(fd, bytes));
}

// (fd, info) -> bytes filled, or -errno.
Napi::Value TcpInfoCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  size_t length = 0;
  uint8_t* bytes = arguments.Typed<uint8_t>(1, napi_uint8_array, &length);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), TcpInfo(fd, bytes, length));
}

Napi::Value SocketErrorCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), SocketError(fd));
}

}  // namespace

void ExportFastOpen(Napi::Env env, Napi::Object exports) {
  exports.Set("ReadinessSet", ReadinessSet::Define(env));
  exports.Set("socketError", Napi::Function::New<SocketErrorCall>(env, "socketError"));
  exports.Set("connect", Napi::Function::New<ConnectCall>(env, "connect"));
  exports.Set("promote", Napi::Function::New<PromoteCall>(env, "promote"));
  exports.Set("listen", Napi::Function::New<ListenCall>(env, "listen"));
  exports.Set("send", Napi::Function::New<SendCall>(env, "send"));
  exports.Set("tcpInfo", Napi::Function::New<TcpInfoCall>(env, "tcpInfo"));
}

}  // namespace tfo_socket
