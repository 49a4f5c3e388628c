#include "core/rows.h"

#include <algorithm>

namespace sparring {

Share share_of(int64_t total, int64_t rank, int64_t ranks, int64_t fewest) {
  if (total < ranks * fewest) return {0, total, total, 1.0 / static_cast<double>(ranks)};
  const int64_t start = total * rank / ranks, end = total * (rank + 1) / ranks;
  return {start, end - start, total, static_cast<double>(end - start) / static_cast<double>(total)};
}

Share part_of(const Share& own, int64_t part, int64_t parts) {
  const Share share = share_of(own.rows, part, parts, /*fewest=*/1);
  return {own.start + share.start, share.rows, own.total, share.weight};
}

int64_t parts_of(const Share& own, int64_t ranks, int64_t wanted, int64_t fewest) {
  const int64_t least = own.is_whole() ? own.rows : own.total / ranks;
  return std::clamp(least / fewest, int64_t{1}, wanted);
}

at::Tensor with_own(const at::Tensor& all, const at::Tensor& own, int64_t start, double weight) {
  const at::Tensor kept = own.view_as(own);
  kept.register_hook([weight](const at::Tensor& slope) { return slope / weight; });
  const int64_t end = start + own.size(0);
  return at::cat({all.narrow(0, 0, start), kept, all.narrow(0, end, all.size(0) - end)});
}

at::Tensor Rows::deviation(const at::Tensor& reals) const {
  const at::Tensor& own = reals_.defined() ? reals_ : reals;
  if (!sum_) return own.std();
  // In two passes and in float64: sums of squares alone would cancel.
  const at::Tensor values = own.detach().to(at::kDouble);
  const double rows = static_cast<double>(own.size(0));
  const double count = static_cast<double>(own.numel()) / rows * share_->total;
  const at::Tensor mean = values.sum();
  sum_(mean);
  mean.div_(count);
  const at::Tensor squares = (values - mean).square().sum();
  sum_(squares);
  return (squares / (count - 1)).sqrt().to(own.scalar_type());
}

}  // namespace sparring
