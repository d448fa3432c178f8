// Crosses between JavaScript and the system calls of mapped files and parked descriptors. All throw but
// receiveQueued, which is called once a message and returns -errno.

#include "park_exports.h"

#include <sys/socket.h>

#include "exports.h"
#include "mapped_file.h"
#include "messages.h"
#include "slatfatf/arguments.h"
#include "socket_queue.h"
#include "sockets.h"

namespace restart {

namespace {

using slatfatf::Arguments;

// (fd, offsetBytes, sizeBytes) -> ArrayBuffer
Napi::Value MapFileAtCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const uint32_t offset = arguments.Uint32(1);
  arguments.Uint32(2);
  if (!arguments.Ok()) return info.Env().Undefined();
  // May be larger than 32 bits.
  return MapFileAt(info.Env(), fd, offset, static_cast<size_t>(info[2].As<Napi::Number>().Int64Value()));
}

// (buffer) -> whether it was a mapped one
Napi::Value UnmapFileCall(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), UnmapFile(info.Env(), info[0]));
}

// (fd, seals)
Napi::Value SealFileCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const int seals = arguments.Int32(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), SealFile(fd, seals));
}

// (fd, bytes, descriptors, peek) -> bytes of the message or -errno. descriptors[0] becomes their number, and
// they follow; an array shorter than that throws them away.
Napi::Value ReceiveQueuedCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  QueuedMessage received = {};
  const int fd = arguments.Int32(0);
  received.bytes = arguments.Typed<uint8_t>(1, napi_uint8_array, &received.room);
  size_t cells = 0;
  int32_t* descriptors = arguments.Typed<int32_t>(2, napi_int32_array, &cells);
  const bool peek = arguments.Boolean(3);
  if (!arguments.Ok()) return info.Env().Undefined();
  if (cells > kMostDescriptors) received.descriptors = descriptors + 1;
  const int length = ReceiveQueued(fd, peek, &received);
  if (cells > 0) descriptors[0] = received.count;
  return Napi::Number::New(info.Env(), length);
}

// (fd, offset)
Napi::Value SetPeekOffsetCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const int offset = arguments.Int32(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), SetPeekOffset(fd, offset));
}

// (fd, bytes) -> bytes granted
Napi::Value SetSendBufferCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const int bytes = arguments.Int32(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), SetSendBuffer(fd, bytes));
}

// (path, mode, backlog) -> fd
Napi::Value ListenQueueCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string path = arguments.String(0);
  const unsigned mode = arguments.Uint32(1);
  const int backlog = arguments.Int32(2);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), ListenUnix(path, mode, backlog, SOCK_SEQPACKET));
}

// (path) -> fd
Napi::Value ConnectQueueCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string path = arguments.String(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), ConnectUnix(path, SOCK_SEQPACKET));
}

}  // namespace

void ExportPark(Napi::Env env, Napi::Object exports) {
  Export<MapFileAtCall>(env, exports, "mapFileAt");
  Export<UnmapFileCall>(env, exports, "unmapFile");
  Export<SealFileCall>(env, exports, "sealFile");
  Export<ReceiveQueuedCall>(env, exports, "receiveQueued");
  Export<SetPeekOffsetCall>(env, exports, "setPeekOffset");
  Export<SetSendBufferCall>(env, exports, "setSendBuffer");
  Export<ListenQueueCall>(env, exports, "listenQueue");
  Export<ConnectQueueCall>(env, exports, "connectQueue");
}

}  // namespace restart
