#pragma once

#include <napi.h>

namespace restart {

// Memory files.
void ExportMemory(Napi::Env env, Napi::Object exports);

}  // namespace restart
