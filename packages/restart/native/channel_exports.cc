// Crosses between JavaScript and messages with descriptors.

#include "channel_exports.h"

#include <sys/socket.h>

#include "descriptor_poll.h"
#include "exports.h"
#include "messages.h"
#include "slatfatf/arguments.h"
#include "slatfatf/unique_fd.h"

namespace restart {

namespace {

using slatfatf::Arguments;

Span SpanAt(Arguments& arguments, size_t index) {
  Span span;
  span.bytes = arguments.Typed<uint8_t>(index, napi_uint8_array, &span.length);
  return span;
}

// (type) -> [fd, fd]
Napi::Value SocketPairCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string type = arguments.String(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  int ends[2];
  const int kind = type == "stream" ? SOCK_STREAM : type == "dgram" ? SOCK_DGRAM : SOCK_SEQPACKET;
  Outcome outcome = SocketPair(kind, ends);
  if (!outcome.Ok()) return NothingOrThrow(info.Env(), outcome);
  slatfatf::UniqueFd first(ends[0]);
  slatfatf::UniqueFd second(ends[1]);

  napi_value pair;
  napi_value numbers[2];
  Napi::Env env = info.Env();
  // Nobody would own them if the array cannot be made.
  if (napi_create_array_with_length(env, 2, &pair) != napi_ok ||
      napi_create_int32(env, first.Get(), &numbers[0]) != napi_ok ||
      napi_create_int32(env, second.Get(), &numbers[1]) != napi_ok ||
      napi_set_element(env, pair, 0, numbers[0]) != napi_ok ||
      napi_set_element(env, pair, 1, numbers[1]) != napi_ok) {
    return env.Undefined();
  }
  first.Release();
  second.Release();
  return Napi::Value(env, pair);
}

// (fd, bytes, fds) -> bytes sent or -errno
Napi::Value SendMessageCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const Span bytes = SpanAt(arguments, 1);
  size_t count = 0;
  const int32_t* descriptors = arguments.Typed<int32_t>(2, napi_int32_array, &count);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(SendMessage(fd, bytes, descriptors, count)));
}

// (fd, into, fds) -> bytes received or -errno
Napi::Value ReceiveMessageCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const Span into = SpanAt(arguments, 1);
  size_t room = 0;
  int32_t* descriptors = arguments.Typed<int32_t>(2, napi_int32_array, &room);
  if (!arguments.Ok()) return info.Env().Undefined();
  if (room <= kMostDescriptors) {
    Napi::RangeError::New(info.Env(), "the array of descriptors must have room for 254")
        .ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), static_cast<double>(ReceiveMessage(fd, into, descriptors)));
}

// (fd) -> { pid, uid, gid }
Napi::Value PeerCredentialsCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  Credentials credentials;
  Outcome outcome = PeerCredentials(fd, &credentials);
  if (!outcome.Ok()) return NothingOrThrow(info.Env(), outcome);
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("pid", credentials.pid);
  object.Set("uid", credentials.uid);
  object.Set("gid", credentials.gid);
  return object;
}

// (address, payload, fds)
Napi::Value NotifyCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string address = arguments.String(0);
  const Span payload = SpanAt(arguments, 1);
  size_t count = 0;
  const int32_t* descriptors = arguments.Typed<int32_t>(2, napi_int32_array, &count);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), Notify(address, payload, descriptors, count));
}

}  // namespace

void ExportChannel(Napi::Env env, Napi::Object exports) {
  Export<SocketPairCall>(env, exports, "socketPair");
  Export<SendMessageCall>(env, exports, "sendMessage");
  Export<ReceiveMessageCall>(env, exports, "receiveMessage");
  Export<PeerCredentialsCall>(env, exports, "peerCredentials");
  Export<NotifyCall>(env, exports, "notify");
  exports.Set("DescriptorPoll", DescriptorPoll::Define(env));
}

}  // namespace restart
