#include <napi.h>

#include "queue.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("NativeQueue", tun::Queue::Define(env));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
