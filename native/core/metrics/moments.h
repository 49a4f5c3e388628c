// Mean and covariance of rows that come in blocks, in float64.
#pragma once

#include <optional>

#include "core/torch.h"

namespace sparring {

struct Moments {
  at::Tensor mean;        // float64 [D]
  at::Tensor covariance;  // float64 [D, D], divided by count - 1
};

// Blocks are centred by their own mean and joined by Chan, Golub and LeVeque's update (1979): sums
// of raw products would cancel where the mean is far from 0.
class MomentsSum {
 public:
  explicit MomentsSum(int64_t width);
  void add(const at::Tensor& rows);  // [N, D], of any precision
  Moments moments() const;

 private:
  int64_t count_ = 0;
  at::Tensor mean_, products_;  // of the products only those on and above the diagonal's blocks
};

// The moments of rows that are all there, [N, D], a block of them a call.
class MomentsOfRows {
 public:
  explicit MomentsOfRows(at::Tensor rows) : rows_(std::move(rows)), sum_(rows_.size(1)) {}
  std::optional<Moments> operator()();  // after the last block

 private:
  at::Tensor rows_;
  MomentsSum sum_;
  int64_t done_ = 0;
};

}  // namespace sparring
