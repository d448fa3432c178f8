// Crosses between JavaScript and datagrams. Lengths are checked here, because what is read from another
// process ends in them.

#include "udp_exports.h"

#include <algorithm>
#include <cerrno>

#include "exports.h"
#include "slatfatf/arguments.h"
#include "udp_datagrams.h"

namespace restart {

namespace {

using slatfatf::Arguments;

// (fd)
Napi::Value PrepareDatagramsCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), PrepareDatagrams(fd));
}

// (fd, bytes) -> bytes granted
Napi::Value SetReceiveBufferCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const int bytes = arguments.Int32(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), SetReceiveBuffer(fd, bytes));
}

// (fd) -> datagrams
Napi::Value DroppedDatagramsCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  uint32_t dropped = 0;
  const Outcome outcome = DroppedDatagrams(fd, &dropped);
  if (!outcome.Ok()) return NothingOrThrow(info.Env(), outcome);
  return Napi::Number::New(info.Env(), dropped);
}

using Receive = int (*)(int, const RecordSlab&);

// (fd, slab, lengths) -> count or -errno. The slab has as many slots as there are lengths.
template <Receive receive>
Napi::Value ReceiveCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  size_t size = 0;
  size_t count = 0;
  uint8_t* bytes = arguments.Typed<uint8_t>(1, napi_uint8_array, &size);
  int32_t* lengths = arguments.Typed<int32_t>(2, napi_int32_array, &count);
  if (!arguments.Ok()) return info.Env().Undefined();
  const size_t slot_size = count == 0 ? 0 : size / count;
  if (slot_size <= kRecordHeaderBytes) return Napi::Number::New(info.Env(), -EINVAL);
  const RecordSlab slab{bytes, slot_size, lengths, std::min(count, kMostRecords)};
  return Napi::Number::New(info.Env(), receive(fd, slab));
}

// (fd, route, payload) -> bytes or -errno
Napi::Value SendDatagramCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  size_t route_size = 0;
  size_t length = 0;
  const uint8_t* route = arguments.Typed<uint8_t>(1, napi_uint8_array, &route_size);
  uint8_t* payload = arguments.Typed<uint8_t>(2, napi_uint8_array, &length);
  if (!arguments.Ok()) return info.Env().Undefined();
  if (route_size < kRouteBytes) return Napi::Number::New(info.Env(), -EINVAL);
  return Napi::Number::New(info.Env(), static_cast<double>(SendDatagram(fd, route, payload, length)));
}

// (fd, bytes, spans, count) -> records sent or -errno
Napi::Value SendRecordsCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  size_t size = 0;
  size_t numbers = 0;
  uint8_t* bytes = arguments.Typed<uint8_t>(1, napi_uint8_array, &size);
  const int32_t* spans = arguments.Typed<int32_t>(2, napi_int32_array, &numbers);
  const size_t wanted = arguments.Uint32(3);
  if (!arguments.Ok()) return info.Env().Undefined();
  const size_t count = std::min({wanted, numbers / 2, kMostRecords});
  for (size_t i = 0; i < count; i++) {
    const int64_t offset = spans[2 * i];
    const int64_t length = spans[2 * i + 1];
    if (offset < 0 || length <= 0 || offset + length > static_cast<int64_t>(size)) {
      return Napi::Number::New(info.Env(), -EINVAL);
    }
  }
  return Napi::Number::New(info.Env(), SendRecords(fd, bytes, spans, count));
}

}  // namespace

void ExportUdp(Napi::Env env, Napi::Object exports) {
  Export<PrepareDatagramsCall>(env, exports, "prepareDatagrams");
  Export<SetReceiveBufferCall>(env, exports, "setReceiveBuffer");
  Export<DroppedDatagramsCall>(env, exports, "droppedDatagrams");
  Export<ReceiveCall<ReceiveDatagrams>>(env, exports, "receiveDatagrams");
  Export<SendDatagramCall>(env, exports, "sendDatagram");
  Export<ReceiveCall<ReceiveRecords>>(env, exports, "receiveRecords");
  Export<SendRecordsCall>(env, exports, "sendRecords");
}

}  // namespace restart
