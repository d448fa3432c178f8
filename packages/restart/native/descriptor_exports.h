#pragma once

#include <napi.h>

namespace restart {

// Descriptors, what they are, and the sockets that this package makes.
void ExportDescriptors(Napi::Env env, Napi::Object exports);

}  // namespace restart
