// Crosses between JavaScript and memory files.

#include "memory_exports.h"

#include "exports.h"
#include "memory.h"
#include "slatfatf/arguments.h"

namespace restart {

namespace {

using slatfatf::Arguments;

// Sizes may be larger than 32 bits; JavaScript has checked that they are whole.
size_t SizeAt(const Napi::CallbackInfo& info, size_t index, Arguments& arguments) {
  arguments.Uint32(index);
  if (!arguments.Ok()) return 0;
  const double size = info[index].As<Napi::Number>().DoubleValue();
  return size > 0 ? static_cast<size_t>(size) : 0;
}

// (name, sizeBytes) -> fd
Napi::Value MemoryFileCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const std::string name = arguments.String(0);
  const size_t size = SizeAt(info, 1, arguments);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NumberOrThrow(info.Env(), MemoryFile(name.c_str(), size));
}

// (fd, sizeBytes)
Napi::Value AllocateFileCall(const Napi::CallbackInfo& info) {
  Arguments arguments(info);
  const int fd = arguments.Int32(0);
  const size_t size = SizeAt(info, 1, arguments);
  if (!arguments.Ok()) return info.Env().Undefined();
  return NothingOrThrow(info.Env(), AllocateFile(fd, size));
}

}  // namespace

void ExportMemory(Napi::Env env, Napi::Object exports) {
  Export<MemoryFileCall>(env, exports, "memoryFile");
  Export<AllocateFileCall>(env, exports, "allocateFile");
}

}  // namespace restart
