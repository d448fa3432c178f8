#include <napi.h>

#include "netlink_socket.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("NetlinkSocket", slatfatf::NetlinkSocket::Define(env));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
