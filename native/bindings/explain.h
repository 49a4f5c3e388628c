#pragma once

#include "bindings/napi_setup.h"
#include "core/step/explanation.h"

namespace sparring::bindings {

void InitExplain(Napi::Env env, Napi::Object exports);

// NativeExplanation of lib/native.ts.
Napi::Value to_explanation(Napi::Env env, const Explanation& told);

}  // namespace sparring::bindings
