// The hyperbolic tangent of many values at once.
#pragma once

#include <cstdint>

namespace sparring::dense {

// values[i] = tanh(values[i]), to 3e-7 relative; infinities are 1, NaN stays.
void tanh_in_place(float* values, int64_t count);

}  // namespace sparring::dense
