#pragma once

#include <napi.h>

namespace restart {

// Datagrams, from a socket and between processes.
void ExportUdp(Napi::Env env, Napi::Object exports);

}  // namespace restart
