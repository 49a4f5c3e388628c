// The one place that includes <napi.h>.
#pragma once

#include <napi.h>
