// The Fréchet distance of two Gaussians (Dowson and Landau 1982), which Heusel et al. 2017 take of
// features of images.
#pragma once

#include "core/metrics/moments.h"

namespace sparring {

// |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))
double frechet_distance(const Moments& a, const Moments& b);

}  // namespace sparring
