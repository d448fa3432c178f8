// Tells JavaScript when a descriptor that it owns is readable or writable. Created, used and freed on the
// thread of its environment. libuv keeps a handle until one loop turn after closing, so the handle is an
// object of its own, deleted when both this one and libuv have let go. A worker that ends first closes it
// through the cleanup hook: an open handle would abort the whole process.
#pragma once

#include <napi.h>
#include <uv.h>

namespace restart {

class PollHandle;

class DescriptorPoll : public Napi::ObjectWrap<DescriptorPoll> {
 public:
  static Napi::Function Define(Napi::Env env);

  // (fd, owned): close this before the descriptor. What is owned is closed if the environment ends before
  // that: nobody else would. Throws with errno and syscall.
  explicit DescriptorPoll(const Napi::CallbackInfo& info);
  ~DescriptorPoll() override;

 private:
  // (events, callback) -> 0 or -errno. Events are 1 readable, 2 writable; called from the event loop as long
  // as one of them is true, until stop or close, also when nobody refers to this any more. Holds the loop
  // open until unref.
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value Stop(const Napi::CallbackInfo& info);
  void Ref(const Napi::CallbackInfo& info);
  void Unref(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  void LetGo();

  PollHandle* handle_ = nullptr;
};

}  // namespace restart
