#pragma once

#include <napi.h>

namespace tfo_socket {

// Adds what readiness and Fast Open sockets need to the addon's exports.
void ExportFastOpen(Napi::Env env, Napi::Object exports);

}  // namespace tfo_socket
