// What a rank has of a batch, and what it draws for it. Every rank draws the numbers of the whole
// batch from the same stream and keeps its own rows: so a seed gives the same training whatever the
// number of ranks, and a checkpoint goes on under another one. Parts that a rank works on one after
// the other draw as so many ranks would.
#pragma once

#include <functional>

#include "core/torch.h"

namespace sparring {

// Rows [start, start + rows) of a batch of `total`. The weight is that of a mean over these rows in
// the mean over the batch.
struct Share {
  int64_t start, rows, total;
  double weight;

  bool is_whole() const { return rows == total; }
};

// Rows side by side, as even as they come: sizes differ by one at most. A batch that has fewer than
// `fewest` rows for each rank is everybody's, whole, with an equal part of the weight.
Share share_of(int64_t total, int64_t rank, int64_t ranks, int64_t fewest);

// One of so many parts of a rank's rows; the weight is that in the mean over these.
Share part_of(const Share& own, int64_t part, int64_t parts);
// The number of parts in which each of so many ranks works on its rows: the same on all of them, at
// most `wanted`, and none of fewer than `fewest` rows.
int64_t parts_of(const Share& own, int64_t ranks, int64_t wanted, int64_t fewest);

// `all`, [total, ...], with these rows of it in their place: they keep their graph, with a gradient
// that is one of the whole where what these rows come to is weighed by `weight`.
at::Tensor with_own(const at::Tensor& all, const at::Tensor& own, int64_t start, double weight);

// The type that a batch's noise is drawn in, whatever that of the networks is: a seed draws the
// same numbers for each.
constexpr at::ScalarType kDrawn = at::kFloat;

// The rows of a batch that are worked on at once: all of them, unless ranks share it or it is
// worked on in parts.
class Rows {
 public:
  // Adds what other ranks have to a tensor, in place.
  using Sum = std::function<void(const at::Tensor&)>;

  // `reals`: all of the rank's, where it has them in parts; `sum`: over ranks that have others.
  // NOLINTNEXTLINE: where nothing is divided a generator is all there is to it
  Rows(at::Generator generator, const Share* share = nullptr, at::Tensor reals = {},
       Sum sum = nullptr)
      : generator_(std::move(generator)),
        share_(share),
        reals_(std::move(reals)),
        sum_(std::move(sum)) {}

  // `make` draws for so many rows: for the whole batch where it is divided.
  template <class Make>
  at::Tensor draw(int64_t rows, const Make& make) const {
    if (share_ == nullptr || share_->is_whole()) return make(rows, generator_);
    return make(share_->total, generator_).narrow(0, share_->start, rows);
  }
  // The standard deviation over all values of the reals of the whole batch, 0-dim, from those that
  // are worked on.
  at::Tensor deviation(const at::Tensor& reals) const;

 private:
  at::Generator generator_;
  const Share* share_;
  at::Tensor reals_;
  Sum sum_;
};

}  // namespace sparring
