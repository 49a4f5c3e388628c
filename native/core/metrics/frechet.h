// The Fréchet distance of two Gaussians (Dowson and Landau 1982), which Heusel et al. 2017 take of
// features of images.
#pragma once

#include <optional>
#include <utility>

#include "core/metrics/moments.h"

namespace sparring {

// |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), in three turns: for 2,048 features each takes
// seconds, and others get theirs in between.
class FrechetDistance {
 public:
  FrechetDistance(Moments a, Moments b) : a_(std::move(a)), b_(std::move(b)) {}
  std::optional<double> operator()();  // after the last turn

 private:
  double distance() const;

  Moments a_, b_;
  at::Tensor root_a_, root_b_;
};

// The same in one go.
double frechet_distance(const Moments& a, const Moments& b);

}  // namespace sparring
