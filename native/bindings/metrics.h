#pragma once

#include "bindings/napi_setup.h"

namespace sparring::bindings {

void InitMetrics(Napi::Env env, Napi::Object exports);
void InitParzen(Napi::Env env, Napi::Object metrics);

}  // namespace sparring::bindings
