#pragma once

#include <napi.h>

namespace restart {

// What the stand-in for a service manager needs.
void ExportServiceManager(Napi::Env env, Napi::Object exports);

}  // namespace restart
