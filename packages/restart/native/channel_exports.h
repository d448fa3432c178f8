#pragma once

#include <napi.h>

namespace restart {

// Messages with descriptors, readiness, and the service manager's socket.
void ExportChannel(Napi::Env env, Napi::Object exports);

}  // namespace restart
