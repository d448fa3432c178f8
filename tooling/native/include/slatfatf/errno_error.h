// The one place where an errno becomes a JavaScript Error. The shape is Node's own: `errno` negative,
// `code` the symbolic name, `syscall` the call with its request, so that TypeScript can add the hint.
#pragma once

#include <napi.h>
#include <uv.h>

#include <string>

namespace slatfatf {

inline Napi::Error ErrnoError(Napi::Env env, int error, const char* syscall) {
  const char* code = uv_err_name(-error);
  std::string message = std::string(syscall) + ": " + uv_strerror(-error) + " (" + code + ")";
  Napi::Error result = Napi::Error::New(env, message);
  result.Set("errno", Napi::Number::New(env, -error));
  result.Set("code", Napi::String::New(env, code));
  result.Set("syscall", Napi::String::New(env, syscall));
  return result;
}

// Leaves the exception pending. C++ exceptions are off: return to JavaScript right after it.
inline Napi::Value ThrowErrno(Napi::Env env, int error, const char* syscall) {
  ErrnoError(env, error, syscall).ThrowAsJavaScriptException();
  return env.Undefined();
}

}  // namespace slatfatf
