// Checked reading of call arguments. TypeScript has validated what users pass; these checks keep a wrong
// call from reading outside the arguments, and leave a TypeError pending where it happens.
#pragma once

#include <napi.h>

#include <string>

namespace slatfatf {

class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info) {}

  // True while every read so far found what it asked for.
  bool Ok() const { return ok_; }

  int32_t Int32(size_t index) {
    if (!info_[index].IsNumber()) return Fail(index, "a number"), 0;
    return info_[index].As<Napi::Number>().Int32Value();
  }

  uint32_t Uint32(size_t index) {
    if (!info_[index].IsNumber()) return Fail(index, "a number"), 0;
    return info_[index].As<Napi::Number>().Uint32Value();
  }

  bool Boolean(size_t index) {
    if (!info_[index].IsBoolean()) return Fail(index, "a boolean"), false;
    return info_[index].As<Napi::Boolean>().Value();
  }

  std::string String(size_t index) {
    if (!info_[index].IsString()) return Fail(index, "a string"), std::string();
    return info_[index].As<Napi::String>().Utf8Value();
  }

  Napi::Function Function(size_t index) {
    if (!info_[index].IsFunction()) return Fail(index, "a function"), Napi::Function();
    return info_[index].As<Napi::Function>();
  }

  // The bytes under a typed array. The memory stays JavaScript's: do not keep the pointer past the call
  // unless a reference to the array is kept too.
  template <typename T>
  T* Typed(size_t index, napi_typedarray_type type, size_t* length) {
    *length = 0;
    if (!info_[index].IsTypedArray()) return Fail(index, "a typed array"), nullptr;
    napi_typedarray_type actual;
    void* data = nullptr;
    napi_get_typedarray_info(info_.Env(), info_[index], &actual, length, &data, nullptr, nullptr);
    if (actual != type) {
      *length = 0;
      return Fail(index, "a typed array of another kind"), nullptr;
    }
    return static_cast<T*>(data);
  }

 private:
  void Fail(size_t index, const char* expected) {
    if (ok_) {
      Napi::TypeError::New(info_.Env(), "argument " + std::to_string(index) + " must be " + expected)
          .ThrowAsJavaScriptException();
    }
    ok_ = false;
  }

  const Napi::CallbackInfo& info_;
  bool ok_ = true;
};

}  // namespace slatfatf
