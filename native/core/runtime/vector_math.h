// MKL's vector functions (tanh, exp, log ...) choose their kernels at the first call in a process.
#pragma once

namespace sparring {

// Calls them once from one thread. Two threads of a pool that call first at the same moment may get
// different kernels, which round differently: half of a tensor would depend on the weather.
void settle_vector_math();

}  // namespace sparring
