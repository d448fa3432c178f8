// Crosses between JavaScript and descriptors and sockets. All of these calls are cold and throw.

#include "descriptor_exports.h"

#include <sys/socket.h>

#include "describe.h"
#include "descriptors.h"
#include "exports.h"
#include "slatfatf/arguments.h"
#include "sockets.h"

namespace restart {

namespace {

using slatfatf::Arguments;

// (fd)
Napi::Value CloseFd(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), CloseDescriptor(fd));
}

// (fd) -> fd
Napi::Value DuplicateFd(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), Duplicate(fd));
}

// (source, target)
Napi::Value ReplaceFd(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int source = arguments.Int32(0);
  const int target = arguments.Int32(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), Replace(source, target));
}

// (fd, on)
Napi::Value SetCloseOnExecCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const bool on = arguments.Boolean(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), SetCloseOnExec(fd, on));
}

const char* FamilyName(int family) {
  switch (family) {
    case AF_INET:
      return "inet";
    case AF_INET6:
      return "inet6";
    case AF_UNIX:
      return "unix";
    case AF_NETLINK:
      return "netlink";
    default:
      return "other";
  }
}

const char* TypeName(int type) {
  switch (type) {
    case SOCK_STREAM:
      return "stream";
    case SOCK_DGRAM:
      return "dgram";
    case SOCK_SEQPACKET:
      return "seqpacket";
    default:
      return "other";
  }
}

void SetName(Napi::Object target, const char* key, const SocketName& name) {
  if (name.IsEmpty()) return;
  Napi::Object object = Napi::Object::New(target.Env());
  if (!name.path.empty()) {
    object.Set("path", name.path);
  } else {
    object.Set("address", name.address);
    object.Set("port", name.port);
  }
  target.Set(key, object);
}

// (fd) -> description
Napi::Value DescribeFd(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  Description description;
  Outcome outcome = Describe(fd, &description);
  if (!outcome.Ok()) return NothingOrThrow(info.Env(), outcome);

  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("kind", description.kind);
  object.Set("closeOnExec", description.close_on_exec);
  if (description.family < 0) {
    object.Set("sizeBytes", description.size_bytes);
    return object;
  }
  object.Set("family", FamilyName(description.family));
  object.Set("type", TypeName(description.type));
  object.Set("protocol", description.protocol);
  object.Set("listening", description.listening);
  SetName(object, "local", description.local);
  SetName(object, "peer", description.peer);
  return object;
}

// () -> { soft, hard, open }
Napi::Value DescriptorLimitCall(const Napi::CallbackInfo& info) {
  DescriptorLimit limit;
  Outcome outcome = ReadDescriptorLimit(&limit);
  if (!outcome.Ok()) return NothingOrThrow(info.Env(), outcome);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("soft", limit.soft);
  object.Set("hard", limit.hard);
  object.Set("open", limit.open);
  return object;
}

// (count)
Napi::Value GrowDescriptorTableCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int count = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), GrowDescriptorTable(count));
}

// (path) -> fd
Napi::Value LockFileCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string path = arguments.String(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), LockFile(path.c_str()));
}

// (address, port, backlog, flags) -> fd
Napi::Value ListenTcpCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  const int port = arguments.Int32(1);
  const int backlog = arguments.Int32(2);
  const unsigned flags = arguments.Uint32(3);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), ListenTcp(address, port, backlog, flags));
}

// (address, port, flags) -> fd
Napi::Value BindUdpCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  const int port = arguments.Int32(1);
  const unsigned flags = arguments.Uint32(2);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), BindUdp(address, port, flags));
}

// (path, mode, backlog) -> fd
Napi::Value ListenUnixCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string path = arguments.String(0);
  const unsigned mode = arguments.Uint32(1);
  const int backlog = arguments.Int32(2);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), ListenUnix(path, mode, backlog, SOCK_STREAM));
}

// (path) -> fd
Napi::Value ConnectUnixCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string path = arguments.String(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), ConnectUnix(path, SOCK_STREAM));
}

// (path)
Napi::Value ProbeUnixCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string path = arguments.String(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), ProbeUnix(path));
}

// (fd) -> { device, inode }
Napi::Value BoundFileCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  BoundFile file;
  Outcome outcome = FindBoundFile(fd, &file);
  if (!outcome.Ok()) return NothingOrThrow(info.Env(), outcome);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("device", file.device);
  object.Set("inode", file.inode);
  return object;
}

}  // namespace

void ExportDescriptors(Napi::Env env, Napi::Object exports) {
  Export<CloseFd>(env, exports, "closeFd");
  Export<DuplicateFd>(env, exports, "duplicateFd");
  Export<ReplaceFd>(env, exports, "replaceFd");
  Export<SetCloseOnExecCall>(env, exports, "setCloseOnExec");
  Export<DescribeFd>(env, exports, "describeFd");
  Export<DescriptorLimitCall>(env, exports, "descriptorLimit");
  Export<GrowDescriptorTableCall>(env, exports, "growDescriptorTable");
  Export<LockFileCall>(env, exports, "lockFile");
  Export<ListenTcpCall>(env, exports, "listenTcp");
  Export<BindUdpCall>(env, exports, "bindUdp");
  Export<ListenUnixCall>(env, exports, "listenUnix");
  Export<ConnectUnixCall>(env, exports, "connectUnix");
  Export<ProbeUnixCall>(env, exports, "probeUnix");
  Export<BoundFileCall>(env, exports, "boundFile");
}

}  // namespace restart
