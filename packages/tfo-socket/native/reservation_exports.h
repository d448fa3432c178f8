#pragma once

#include <napi.h>

namespace tfo_socket {

void ExportReservations(Napi::Env env, Napi::Object exports);

}  // namespace tfo_socket
