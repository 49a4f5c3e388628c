#pragma once

#include "bindings/napi_setup.h"

namespace sparring::bindings {

void InitRuntime(Napi::Env env, Napi::Object exports);
void InitImages(Napi::Env env, Napi::Object exports);
void InitPixels(Napi::Env env, Napi::Object exports);

}  // namespace sparring::bindings
