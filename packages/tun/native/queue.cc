#include "queue.h"

#include <cerrno>
#include <type_traits>

#include "batch_io.h"
#include "io_counters.h"
#include "kernel_abi.h"
#include "plan_io.h"
#include "slatfatf/arguments.h"
#include "slatfatf/errno_error.h"
#include "tun_fd.h"

namespace tun {
namespace {

// The two arrays every batch call starts with. Asked for on every call, not kept: JavaScript may transfer
// the slab away between calls, and then its length is 0 here instead of a pointer into freed memory.
Batch TakeBatch(slatfatf::Arguments& arguments) {
  Batch batch{};
  size_t words = 0;
  batch.slab = arguments.Typed<uint8_t>(0, napi_uint8_array, &batch.slab_bytes);
  batch.descriptors = arguments.Typed<int32_t>(1, napi_int32_array, &words);
  batch.capacity = static_cast<uint32_t>(words / kDescriptorWords);
  return batch;
}

template <typename Call>
struct SecondArgument;
template <typename Value>
struct SecondArgument<int (*)(int, Value)> {
  using Type = Value;
};

}  // namespace

Napi::Function Queue::Define(Napi::Env env) {
  return DefineClass(env, "NativeQueue",
                     {
                         InstanceAccessor<&Queue::GetFd>("fd"),
                         InstanceAccessor<&Queue::GetName>("name"),
                         InstanceAccessor<&Queue::GetIndex>("index"),
                         InstanceAccessor<&Queue::GetFlags>("flags"),
                         InstanceMethod<&Queue::Set<SetOffload>>("setOffload"),
                         InstanceMethod<&Queue::Set<SetVnetHeaderSize>>("setVnetHeaderSize"),
                         InstanceMethod<&Queue::Set<SetPersist>>("setPersist"),
                         InstanceMethod<&Queue::Set<SetOwner>>("setOwner"),
                         InstanceMethod<&Queue::Set<SetGroup>>("setGroup"),
                         InstanceMethod<&Queue::Set<SetCarrier>>("setCarrier"),
                         InstanceMethod<&Queue::Set<SetSendBuffer>>("setSendBuffer"),
                         InstanceMethod<&Queue::Set<SetAttached>>("setAttached"),
                         InstanceMethod<&Queue::CurrentName>("currentName"),
                         InstanceMethod<&Queue::DeviceNamespace>("deviceNamespace"),
                         InstanceMethod<&Queue::Features>("features"),
                         InstanceMethod<&Queue::ReadBatch>("readBatch"),
                         InstanceMethod<&Queue::WriteBatch>("writeBatch"),
                         InstanceMethod<&Queue::WriteGathered>("writeGathered"),
                         InstanceMethod<&Queue::StartPolling>("startPolling"),
                         InstanceMethod<&Queue::StopPolling>("stopPolling"),
                         InstanceMethod<&Queue::SetRef>("setRef"),
                         InstanceMethod<&Queue::Release>("release"),
                         InstanceMethod<&Queue::Close>("close"),
                     });
}

Queue::Queue(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Queue>(info) {
  slatfatf::Arguments arguments(info);
  size_t slots = 0;
  double* counters = arguments.Typed<double>(0, napi_float64_array, &slots);
  if (!arguments.Ok()) return;
  if (slots < kCounters) {
    Napi::RangeError::New(info.Env(), "counters are too few").ThrowAsJavaScriptException();
    return;
  }
  OpenedTun opened;
  int error = 0;
  if (info[1].IsNumber()) {
    const int32_t fd = arguments.Int32(1);
    const bool duplicate = arguments.Boolean(2);
    if (!arguments.Ok()) return;
    error = AdoptTun(fd, duplicate, &opened);
  } else {
    const std::string name = arguments.String(1);
    const uint32_t flags = arguments.Uint32(2);
    const std::string netns = arguments.String(3);
    if (!arguments.Ok()) return;
    error = OpenTun(name, static_cast<uint16_t>(flags), netns, &opened);
  }
  if (error != 0) {
    slatfatf::ThrowErrno(info.Env(), -error, opened.failed.c_str());
    return;
  }
  fd_ = std::move(opened.fd);
  name_ = std::move(opened.name);
  index_ = opened.index;
  flags_ = opened.flags;
  virtio_ = (opened.flags & IFF_VNET_HDR) != 0;
  counters_owner_ = Napi::Reference<Napi::Value>::New(info[0], 1);
  counters_ = counters;
}

Queue::~Queue() { CloseNow(); }

Napi::Value Queue::GetFd(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), fd_.Get()); }

// Errors ask for it, and users; a device may have been renamed meanwhile.
Napi::Value Queue::GetName(const Napi::CallbackInfo& info) {
  std::string name;
  uint32_t flags = 0;
  if (GetInterface(fd_.Get(), &name, &flags) == 0) name_ = std::move(name);
  return Napi::String::New(info.Env(), name_);
}

Napi::Value Queue::GetIndex(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), index_); }

Napi::Value Queue::GetFlags(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), flags_); }

template <auto call>
Napi::Value Queue::Set(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  int result = -EBADF;
  using Value = typename SecondArgument<decltype(call)>::Type;
  Value value;
  if constexpr (std::is_same_v<Value, bool>) {
    value = arguments.Boolean(0);
  } else if constexpr (std::is_same_v<Value, int>) {
    value = arguments.Int32(0);
  } else {
    value = arguments.Uint32(0);
  }
  if (!arguments.Ok()) return info.Env().Undefined();
  if (fd_.IsOpen()) result = call(fd_.Get(), value);
  return Napi::Number::New(info.Env(), result);
}

Napi::Value Queue::CurrentName(const Napi::CallbackInfo& info) {
  std::string name;
  uint32_t flags = 0;
  const int error = GetInterface(fd_.Get(), &name, &flags);
  if (error != 0) return Napi::Number::New(info.Env(), error);
  return Napi::String::New(info.Env(), name);
}

Napi::Value Queue::DeviceNamespace(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), GetDeviceNamespace(fd_.Get()));
}

Napi::Value Queue::Features(const Napi::CallbackInfo& info) {
  uint32_t features = 0;
  const int error = GetFeatures(fd_.Get(), &features);
  return Napi::Number::New(info.Env(), error != 0 ? error : static_cast<double>(features));
}

Napi::Value Queue::ReadBatch(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  const Batch batch = TakeBatch(arguments);
  const Room room = {arguments.Uint32(2), arguments.Uint32(3)};
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), tun::ReadBatch(fd_.Get(), virtio_, batch, room, counters_));
}

Napi::Value Queue::WriteBatch(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  const Batch batch = TakeBatch(arguments);
  const uint32_t from = arguments.Uint32(2);
  const uint32_t count = arguments.Uint32(3);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), tun::WriteBatch(fd_.Get(), virtio_, batch, from, count, counters_));
}

Napi::Value Queue::WriteGathered(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  Plan plan{};
  size_t output_words = 0;
  size_t piece_words = 0;
  plan.slab = arguments.Typed<uint8_t>(0, napi_uint8_array, &plan.slab_bytes);
  plan.headers = arguments.Typed<uint8_t>(1, napi_uint8_array, &plan.header_bytes);
  plan.outputs = arguments.Typed<int32_t>(2, napi_int32_array, &output_words);
  plan.pieces = arguments.Typed<int32_t>(3, napi_int32_array, &piece_words);
  plan.output_capacity = static_cast<uint32_t>(output_words / kOutputWords);
  plan.piece_capacity = static_cast<uint32_t>(piece_words / kPieceWords);
  const uint32_t from = arguments.Uint32(4);
  const uint32_t count = arguments.Uint32(5);
  if (!arguments.Ok()) return info.Env().Undefined();
  // Without virtio headers on the descriptor, those of the plan would be taken for the packets.
  const int32_t result = virtio_ ? tun::WriteGathered(fd_.Get(), plan, from, count, counters_) : -EOPNOTSUPP;
  return Napi::Number::New(info.Env(), result);
}

Napi::Value Queue::StartPolling(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  const uint32_t events = arguments.Uint32(0);
  Napi::Function callback = arguments.Function(1);
  if (!arguments.Ok()) return info.Env().Undefined();
  int error = fd_.IsOpen() ? 0 : -EBADF;
  if (error == 0 && !readiness_) {
    readiness_ = Readiness::Create(info.Env(), fd_.Get(), &error);
    if (readiness_) readiness_->SetRef(referenced_);
  }
  if (error == 0) error = readiness_->Start(static_cast<int>(events), callback);
  return Napi::Number::New(info.Env(), error);
}

void Queue::StopPolling(const Napi::CallbackInfo&) {
  if (readiness_) readiness_->Stop();
}

void Queue::SetRef(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  referenced_ = arguments.Boolean(0);
  if (arguments.Ok() && readiness_) readiness_->SetRef(referenced_);
}

Napi::Value Queue::Release(const Napi::CallbackInfo& info) {
  readiness_.reset();
  return Napi::Number::New(info.Env(), fd_.Release());
}

void Queue::Close(const Napi::CallbackInfo&) { CloseNow(); }

// libuv lets go of the descriptor before it is closed, or its number could be another file's by the time
// epoll hears of it.
void Queue::CloseNow() {
  readiness_.reset();
  fd_.Reset();
}

}  // namespace tun
