#pragma once

#include <napi.h>

namespace restart {

// What a process needs that stands in for init.
void ExportSupervise(Napi::Env env, Napi::Object exports);

}  // namespace restart
