// What the addon offers. Each room exports its own part; one line a room.

#include <napi.h>

#include "channel_exports.h"
#include "coordination_exports.h"
#include "descriptor_exports.h"
#include "memory_exports.h"
#include "park_exports.h"
#include "service_manager_exports.h"
#include "supervise_exports.h"
#include "udp_exports.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  restart::ExportDescriptors(env, exports);
  restart::ExportChannel(env, exports);
  restart::ExportCoordination(env, exports);
  restart::ExportMemory(env, exports);
  restart::ExportPark(env, exports);
  restart::ExportServiceManager(env, exports);
  restart::ExportSupervise(env, exports);
  restart::ExportUdp(env, exports);
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
