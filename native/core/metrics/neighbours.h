// How far two sets of features cover each other, by the distance to the k-th nearest neighbour in
// one's own set: precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et
// al. 2020).
#pragma once

#include <optional>

#include "core/torch.h"

namespace sparring {

struct Covering {
  double precision, recall, density, coverage;
};

// A block of rows a call, for a step to have its turn in between.
class Neighbourhoods {
 public:
  // real: [N, D], generated: [M, D]; k below both counts
  Neighbourhoods(const at::Tensor& real, const at::Tensor& generated, int64_t k);
  std::optional<Covering> operator()();  // after the last block

 private:
  // Squared distances, which are in the order of distances.
  struct Side {
    at::Tensor features;     // [N, D], as they came
    at::Tensor rows, norms;  // float64 [N, D] about the centre, [N]
    at::Tensor radii;        // to the k-th nearest of its own, the row itself not counted
    int64_t done = 0;
    bool is_measured() const { return done == rows.size(0); }
  };
  static Side make_side(const at::Tensor& features, const at::Tensor& centre);
  // Distances of rows [start, start + count) of `from` to all of `to`.
  static at::Tensor distances(const Side& from, int64_t start, int64_t count, const Side& to);
  // Distances of pairs of rows, by their differences: equal features are at equal distances.
  static at::Tensor exact(const Side& from, const at::Tensor& i, const Side& to,
                          const at::Tensor& j);
  // Measures those pairs of `apart` exactly of which rounding would decide whether they are in a
  // ball.
  void decide(at::Tensor& apart, int64_t start, int64_t count) const;
  void measure(Side& side) const;
  void cover(int64_t start, int64_t count);
  Covering covering() const;

  int64_t k_, done_ = 0;
  Side real_, generated_;
  at::Tensor precise_;  // of each generated row: a ball of the reals holds it
  int64_t recalled_ = 0, inside_ = 0, covered_ = 0;
};

}  // namespace sparring
