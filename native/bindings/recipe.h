#pragma once

#include "bindings/napi_setup.h"
#include "core/step/recipe.h"

namespace sparring::bindings {

// NativeTrainerOptions of lib/native.ts.
Recipe to_recipe(const Napi::Value& value);

}  // namespace sparring::bindings
