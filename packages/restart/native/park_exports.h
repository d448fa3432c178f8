#pragma once

#include <napi.h>

namespace restart {

// Adds mapped files and queues of descriptors to the addon's exports.
void ExportPark(Napi::Env env, Napi::Object exports);

}  // namespace restart
