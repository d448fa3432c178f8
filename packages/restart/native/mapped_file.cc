#include "mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "slatfatf/errno_error.h"

namespace restart {

namespace {

struct Mapping {
  void* base;
  size_t length;
};

void OnCollected(napi_env, void*, void* hint) {
  auto* mapping = static_cast<Mapping*>(hint);
  ::munmap(mapping->base, mapping->length);
  delete mapping;
}

}  // namespace

Napi::Value MapFileAt(Napi::Env env, int fd, size_t offset, size_t size) {
  const size_t length = offset + size;
  void* base = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (base == MAP_FAILED) return slatfatf::ThrowErrno(env, errno, "mmap");

  auto* mapping = new Mapping{base, length};
  napi_value buffer = nullptr;
  napi_status status = napi_create_external_arraybuffer(env, static_cast<char*>(base) + offset, size,
                                                        OnCollected, mapping, &buffer);
  if (status == napi_ok) return Napi::Value(env, buffer);
  // With any other status the engine may already own the mapping, and would let it go a second time.
  if (status == napi_no_external_buffers_allowed) OnCollected(env, base, mapping);
  return slatfatf::ThrowErrno(env, ENOTSUP, "napi_create_external_arraybuffer");
}

bool UnmapFile(Napi::Env env, napi_value buffer) { return napi_detach_arraybuffer(env, buffer) == napi_ok; }

Outcome SealFile(int fd, int seals) {
  return Outcome::FromCall(::fcntl(fd, F_ADD_SEALS, seals), "fcntl(F_ADD_SEALS)");
}

}  // namespace restart
