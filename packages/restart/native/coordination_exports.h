#pragma once

#include <napi.h>

namespace restart {

// Connections of the coordination socket.
void ExportCoordination(Napi::Env env, Napi::Object exports);

}  // namespace restart
