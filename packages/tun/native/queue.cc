#include "queue.h"

#include <cerrno>

#include "kernel_abi.h"
#include "packet_io.h"
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

}  // namespace

Napi::Function Queue::Define(Napi::Env env) {
  return DefineClass(env, "NativeQueue",
                     {
                         InstanceAccessor<&Queue::GetFd>("fd"),
                         InstanceAccessor<&Queue::GetName>("name"),
                         InstanceAccessor<&Queue::GetIndex>("index"),
                         InstanceMethod<&Queue::SetOffload>("setOffload"),
                         InstanceMethod<&Queue::SetVnetHeaderSize>("setVnetHeaderSize"),
                         InstanceMethod<&Queue::SetPersist>("setPersist"),
                         InstanceMethod<&Queue::ReadBatch>("readBatch"),
                         InstanceMethod<&Queue::WriteBatch>("writeBatch"),
                         InstanceMethod<&Queue::StartPolling>("startPolling"),
                         InstanceMethod<&Queue::StopPolling>("stopPolling"),
                         InstanceMethod<&Queue::SetRef>("setRef"),
                         InstanceMethod<&Queue::Close>("close"),
                     });
}

Queue::Queue(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Queue>(info) {
  slatfatf::Arguments arguments(info);
  const std::string name = arguments.String(0);
  const uint32_t flags = arguments.Uint32(1);
  const std::string netns = arguments.String(2);
  size_t slots = 0;
  double* counters = arguments.Typed<double>(3, napi_float64_array, &slots);
  if (!arguments.Ok()) return;
  if (slots < kCounters) {
    Napi::RangeError::New(info.Env(), "counters are too few").ThrowAsJavaScriptException();
    return;
  }
  OpenedTun opened;
  const int error = OpenTun(name, static_cast<uint16_t>(flags), netns, &opened);
  if (error != 0) {
    slatfatf::ThrowErrno(info.Env(), -error, opened.failed.c_str());
    return;
  }
  fd_ = std::move(opened.fd);
  name_ = std::move(opened.name);
  index_ = opened.index;
  virtio_ = (flags & IFF_VNET_HDR) != 0;
  counters_owner_ = Napi::Reference<Napi::Value>::New(info[3], 1);
  counters_ = counters;
}

Queue::~Queue() { CloseNow(); }

Napi::Value Queue::GetFd(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), fd_.Get()); }

Napi::Value Queue::GetName(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), name_); }

Napi::Value Queue::GetIndex(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), index_); }

Napi::Value Queue::SetOffload(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  const uint32_t mask = arguments.Uint32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), tun::SetOffload(fd_.Get(), mask));
}

Napi::Value Queue::SetVnetHeaderSize(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  const int32_t bytes = arguments.Int32(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), tun::SetVnetHeaderSize(fd_.Get(), bytes));
}

Napi::Value Queue::SetPersist(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  const bool on = arguments.Boolean(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), tun::SetPersist(fd_.Get(), on));
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

Napi::Value Queue::StartPolling(const Napi::CallbackInfo& info) {
  slatfatf::Arguments arguments(info);
  Napi::Function callback = arguments.Function(0);
  if (!arguments.Ok()) return info.Env().Undefined();
  int error = fd_.IsOpen() ? 0 : -EBADF;
  if (error == 0 && !readiness_) {
    readiness_ = Readiness::Create(info.Env(), fd_.Get(), &error);
    if (readiness_) readiness_->SetRef(referenced_);
  }
  if (error == 0) error = readiness_->Start(callback);
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

void Queue::Close(const Napi::CallbackInfo&) { CloseNow(); }

// libuv lets go of the descriptor before it is closed, or its number could be another file's by the time
// epoll hears of it.
void Queue::CloseNow() {
  readiness_.reset();
  fd_.Reset();
}

}  // namespace tun
