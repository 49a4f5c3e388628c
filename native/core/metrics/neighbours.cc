#include "core/metrics/neighbours.h"

#include <algorithm>

namespace sparring {
namespace {

// Distances of a block, 32 MB of them.
constexpr int64_t kBlock = int64_t{4} << 20;
// The error of a squared distance as a share of its two rows' squares: products of float64 are off
// by less.
constexpr double kRounding = 1e-12;

int64_t block_of(int64_t done, int64_t rows, int64_t others) {
  return std::min(std::max<int64_t>(1, kBlock / others), rows - done);
}

int64_t count_true(const at::Tensor& mask) { return mask.sum().item<int64_t>(); }

}  // namespace

Neighbourhoods::Neighbourhoods(const at::Tensor& real, const at::Tensor& generated, int64_t k)
    : k_(k) {
  // Distances come from products, which cancel less around 0.
  const at::Tensor centre = real.to(at::kDouble).mean(0);
  real_ = make_side(real, centre);
  generated_ = make_side(generated, centre);
  precise_ = at::zeros({generated.size(0)}, at::kBool);
}

Neighbourhoods::Side Neighbourhoods::make_side(const at::Tensor& features,
                                               const at::Tensor& centre) {
  const at::Tensor rows = features.to(at::kDouble) - centre;
  return {features, rows, rows.square().sum(1), at::empty({rows.size(0)}, at::kDouble)};
}

at::Tensor Neighbourhoods::distances(const Side& from, int64_t start, int64_t count,
                                     const Side& to) {
  at::Tensor squares =
      at::addmm(to.norms.unsqueeze(0), from.rows.narrow(0, start, count), to.rows.t(), 1, -2);
  return squares.add_(from.norms.narrow(0, start, count).unsqueeze(1)).clamp_min_(0);
}

at::Tensor Neighbourhoods::exact(const Side& from, const at::Tensor& i, const Side& to,
                                 const at::Tensor& j) {
  at::Tensor squares = at::empty({i.size(0)}, at::kDouble);
  const int64_t most = std::max<int64_t>(1, kBlock / from.features.size(1));
  for (int64_t start = 0; start < i.size(0); start += most) {
    const int64_t count = std::min(most, i.size(0) - start);
    const auto rows = [start, count](const Side& side, const at::Tensor& chosen) {
      return side.features.index_select(0, chosen.narrow(0, start, count)).to(at::kDouble);
    };
    squares.narrow(0, start, count).copy_((rows(from, i) - rows(to, j)).square_().sum(1));
  }
  return squares;
}

void Neighbourhoods::decide(at::Tensor& apart, int64_t start, int64_t count) const {
  const at::Tensor ours = real_.radii.narrow(0, start, count).unsqueeze(1);
  const at::Tensor theirs = generated_.radii.unsqueeze(0);
  const at::Tensor error =
      (real_.norms.narrow(0, start, count).unsqueeze(1) + generated_.norms.unsqueeze(0))
          .mul_(kRounding);
  const at::Tensor close =
      apart.sub(ours).abs_().le(error).logical_or_(apart.sub(theirs).abs_().le(error));
  const at::Tensor pairs = close.nonzero();
  if (pairs.size(0) == 0) return;
  const at::Tensor i = pairs.select(1, 0), j = pairs.select(1, 1);
  apart.index_put_({i, j}, exact(real_, i + start, generated_, j));
}

std::optional<Covering> Neighbourhoods::operator()() {
  const at::NoGradGuard no_grad;
  for (Side* side : {&real_, &generated_}) {
    if (side->is_measured()) continue;
    measure(*side);
    return std::nullopt;
  }
  const int64_t count = block_of(done_, real_.rows.size(0), generated_.rows.size(0));
  cover(done_, count);
  done_ += count;
  return done_ == real_.rows.size(0) ? std::make_optional(covering()) : std::nullopt;
}

void Neighbourhoods::measure(Side& side) const {
  const int64_t count = block_of(side.done, side.rows.size(0), side.rows.size(0));
  at::Tensor apart = distances(side, side.done, count, side);
  // A row's distance to itself is 0; rounding must not make it more than that to its twin.
  apart.narrow(1, side.done, count).fill_diagonal_(-1);
  const at::Tensor nearest = std::get<1>(apart.kthvalue(k_ + 1, 1));
  const at::Tensor own = at::arange(side.done, side.done + count);
  side.radii.narrow(0, side.done, count).copy_(exact(side, own, side, nearest));
  side.done += count;
}

void Neighbourhoods::cover(int64_t start, int64_t count) {
  at::Tensor apart = distances(real_, start, count, generated_);  // [count, M]
  decide(apart, start, count);
  const at::Tensor radii = real_.radii.narrow(0, start, count).unsqueeze(1);
  precise_.logical_or_((apart <= radii).any(0));
  recalled_ += count_true((apart <= generated_.radii.unsqueeze(0)).any(1));
  // The balls of density and coverage are open, as their authors' are.
  const at::Tensor inside = apart < radii;
  inside_ += count_true(inside);
  covered_ += count_true(inside.any(1));
}

Covering Neighbourhoods::covering() const {
  const auto reals = static_cast<double>(real_.rows.size(0));
  const auto fakes = static_cast<double>(generated_.rows.size(0));
  return {static_cast<double>(count_true(precise_)) / fakes, static_cast<double>(recalled_) / reals,
          static_cast<double>(inside_) / (static_cast<double>(k_) * fakes),
          static_cast<double>(covered_) / reals};
}

}  // namespace sparring
