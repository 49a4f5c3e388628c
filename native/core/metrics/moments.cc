#include "core/metrics/moments.h"

#include <algorithm>

namespace sparring {
namespace {

// Columns of a block: the products are symmetric, and blocks below the diagonal are never computed.
constexpr int64_t kColumns = 512;
// Rows of a call: a training step gets its turn in between.
constexpr int64_t kRows = 2048;

// products += a' a, on and above the diagonal's blocks.
void add_products(at::Tensor& products, const at::Tensor& a) {
  const int64_t width = a.size(1);
  for (int64_t left = 0; left < width; left += kColumns) {
    const int64_t columns = std::min(kColumns, width - left);
    const at::Tensor part = a.narrow(1, left, columns);
    products.narrow(0, left, columns)
        .narrow(1, left, width - left)
        .addmm_(part.t(), a.narrow(1, left, width - left));
  }
}

}  // namespace

MomentsSum::MomentsSum(int64_t width)
    : mean_(at::zeros({width}, at::kDouble)), products_(at::zeros({width, width}, at::kDouble)) {}

void MomentsSum::add(const at::Tensor& rows) {
  const at::NoGradGuard no_grad;
  const at::Tensor block = rows.to(at::kDouble);
  const int64_t count = block.size(0);
  const at::Tensor mean = block.mean(0), gap = mean - mean_;
  add_products(products_, block - mean);
  const double share = static_cast<double>(count) / static_cast<double>(count_ + count);
  add_products(products_, gap.unsqueeze(0) * std::sqrt(static_cast<double>(count_) * share));
  mean_.add_(gap, share);
  count_ += count;
}

Moments MomentsSum::moments() const {
  const at::NoGradGuard no_grad;
  const at::Tensor upper = products_.triu();
  const at::Tensor whole = upper + upper.triu(1).t();
  return {mean_, whole.div_(static_cast<double>(count_ - 1))};
}

std::optional<Moments> MomentsOfRows::operator()() {
  const int64_t count = std::min(kRows, rows_.size(0) - done_);
  sum_.add(rows_.narrow(0, done_, count));
  done_ += count;
  return done_ == rows_.size(0) ? std::make_optional(sum_.moments()) : std::nullopt;
}

}  // namespace sparring
