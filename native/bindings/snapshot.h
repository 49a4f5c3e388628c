#pragma once

#include "bindings/napi_setup.h"
#include "core/io/snapshot.h"

namespace sparring::bindings {

// NativeSnapshot of lib/native.ts, both ways.
Napi::Value to_snapshot(Napi::Env env, const Snapshot& snapshot);
Snapshot from_snapshot(const Napi::Value& value);

void InitSnapshot(Napi::Env env, Napi::Object exports);

}  // namespace sparring::bindings
