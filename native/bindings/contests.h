#pragma once

#include "bindings/napi_setup.h"

namespace sparring::bindings {

void InitContests(Napi::Env env, Napi::Object exports);

}  // namespace sparring::bindings
