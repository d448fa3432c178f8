// Crosses between JavaScript and the calls that reserve. Hot functions: they return a descriptor or -errno
// and never throw for what the kernel refuses.

#include "reservation_exports.h"

#include <fcntl.h>
#include <unistd.h>

#include "reservations.h"
#include "slatfatf/arguments.h"
#include "slatfatf/errno_error.h"
#include "socket_facts.h"

namespace tfo_socket {

namespace {

using slatfatf::Arguments;

int32_t* OutcomeCells(Arguments& arguments, Napi::Env env, size_t index) {
  size_t length = 0;
  int32_t* cells = arguments.Typed<int32_t>(index, napi_int32_array, &length);
  if (cells == nullptr || length >= Outcome::kLength) return cells;
  Napi::RangeError::New(env, "the outcome array is too short").ThrowAsJavaScriptException();
  return nullptr;
}

LocalPort LocalPortAt(Arguments& arguments, size_t index) {
  return {static_cast<uint16_t>(arguments.Uint32(index)), arguments.Uint32(index + 1)};
}

Ownership OwnershipAt(Arguments& arguments, size_t index) {
  return {arguments.Uint32(index), arguments.String(index + 1), arguments.Boolean(index + 2)};
}

Napi::Value ReserveTupleCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  const LocalPort local_port = LocalPortAt(arguments, 1);
  const std::string remote_address = arguments.String(3);
  const uint16_t remote_port = static_cast<uint16_t>(arguments.Uint32(4));
  const Ownership ownership = OwnershipAt(arguments, 5);
  int32_t* cells = OutcomeCells(arguments, info.Env(), 8);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  Outcome outcome(cells);
  return Napi::Number::New(
      info.Env(), ReserveTuple(address, local_port, remote_address, remote_port, ownership, outcome));
}

Napi::Value ReserveRepairCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  const uint32_t ports = arguments.Uint32(1);
  const std::string remote_address = arguments.String(2);
  const uint16_t remote_port = static_cast<uint16_t>(arguments.Uint32(3));
  const Ownership ownership = OwnershipAt(arguments, 4);
  int32_t* cells = OutcomeCells(arguments, info.Env(), 7);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  Outcome outcome(cells);
  return Napi::Number::New(info.Env(),
                           ReserveRepair(address, ports, remote_address, remote_port, ownership, outcome));
}

Napi::Value ReservePortCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const bool udp = arguments.Boolean(0);
  const std::string address = arguments.String(1);
  const LocalPort local_port = LocalPortAt(arguments, 2);
  const Ownership ownership = OwnershipAt(arguments, 4);
  int32_t* cells = OutcomeCells(arguments, info.Env(), 7);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  Outcome outcome(cells);
  return Napi::Number::New(info.Env(), ReservePort(udp, address, local_port, ownership, outcome));
}

Napi::Value ReserveEchoIdCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  const uint16_t id = static_cast<uint16_t>(arguments.Uint32(1));
  const Ownership ownership = OwnershipAt(arguments, 2);
  int32_t* cells = OutcomeCells(arguments, info.Env(), 5);
  if (!arguments.Ok() || cells == nullptr) return info.Env().Undefined();
  Outcome outcome(cells);
  return Napi::Number::New(info.Env(), ReserveEchoId(address, id, ownership, outcome));
}

Napi::Value CloseCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), ::close(fd) == 0 ? 0 : -errno);
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
  exports.Set("reserveTuple", Napi::Function::New<ReserveTupleCall>(env, "reserveTuple"));
  exports.Set("reserveRepair", Napi::Function::New<ReserveRepairCall>(env, "reserveRepair"));
  exports.Set("reservePort", Napi::Function::New<ReservePortCall>(env, "reservePort"));
  exports.Set("reserveEchoId", Napi::Function::New<ReserveEchoIdCall>(env, "reserveEchoId"));
  exports.Set("close", Napi::Function::New<CloseCall>(env, "close"));
  exports.Set("setCloseOnExec", Napi::Function::New<SetCloseOnExecCall>(env, "setCloseOnExec"));
  exports.Set("socketFacts", Napi::Function::New<SocketFactsCall>(env, "socketFacts"));
}

}  // namespace tfo_socket
