// The JavaScript face of one queue: owns the descriptor, lends it to batch_io, plan_io and Readiness. Knows
// no policy; src/device/attach-queue.ts decides which ioctl comes when.
#pragma once

#include <napi.h>

#include <string>

#include "readiness.h"
#include "slatfatf/unique_fd.h"

namespace tun {

class Queue : public Napi::ObjectWrap<Queue> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (counters: Float64Array, name: string, flags: number, netns: string) opens; (counters, fd: number,
  // duplicate: boolean) takes over. Throws an errno error.
  explicit Queue(const Napi::CallbackInfo& info);
  ~Queue() override;

 private:
  Napi::Value GetFd(const Napi::CallbackInfo& info);
  Napi::Value GetName(const Napi::CallbackInfo& info);
  Napi::Value GetIndex(const Napi::CallbackInfo& info);
  Napi::Value GetFlags(const Napi::CallbackInfo& info);  // of TUNSETIFF, when it was opened

  // (fd, number or boolean): ioctls that take one value. Each returns 0 or -errno.
  template <auto call>
  Napi::Value Set(const Napi::CallbackInfo& info);

  // Each returns a number >= 0, or -errno.
  Napi::Value CurrentName(const Napi::CallbackInfo& info);      // or the name
  Napi::Value DeviceNamespace(const Napi::CallbackInfo& info);  // a descriptor, the caller's to close
  Napi::Value Features(const Napi::CallbackInfo& info);
  Napi::Value ReadBatch(const Napi::CallbackInfo& info);      // (slab, descriptors, headroom, tailroom)
  Napi::Value WriteBatch(const Napi::CallbackInfo& info);     // (slab, descriptors, from, count)
  Napi::Value WriteGathered(const Napi::CallbackInfo& info);  // (slab, headers, outputs, pieces, from, count)
  Napi::Value StartPolling(const Napi::CallbackInfo& info);   // (events, callback)
  void StopPolling(const Napi::CallbackInfo& info);
  void SetRef(const Napi::CallbackInfo& info);          // (on)
  Napi::Value Release(const Napi::CallbackInfo& info);  // the descriptor, no longer ours to close
  void Close(const Napi::CallbackInfo& info);

  void CloseNow();

  slatfatf::UniqueFd fd_;
  std::string name_;
  uint32_t index_ = 0;
  uint32_t flags_ = 0;
  bool virtio_ = false;
  bool referenced_ = true;
  Readiness::Owner readiness_;
  Napi::Reference<Napi::Value> counters_owner_;
  double* counters_ = nullptr;
};

}  // namespace tun
