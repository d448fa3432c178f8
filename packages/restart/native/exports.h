// How every room of this addon crosses to JavaScript: a cold call throws an Error with errno, code and
// syscall, a hot one returns a negative errno. A worker that is being terminated makes calls into the engine
// fail; nothing here needs their result.
#pragma once

#include <napi.h>

#include "outcome.h"
#include "slatfatf/errno_error.h"

namespace restart {

inline Napi::Value NumberOrThrow(Napi::Env env, const Outcome& outcome) {
  if (!outcome.Ok()) return slatfatf::ThrowErrno(env, outcome.error, outcome.syscall);
  return Napi::Number::New(env, outcome.value);
}

inline Napi::Value NothingOrThrow(Napi::Env env, const Outcome& outcome) {
  if (!outcome.Ok()) return slatfatf::ThrowErrno(env, outcome.error, outcome.syscall);
  return env.Undefined();
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void Export(Napi::Env env, Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(env, name));
}

}  // namespace restart
