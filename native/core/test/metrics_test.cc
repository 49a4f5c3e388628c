#include <cmath>

#include "core/error.h"
#include "core/metrics/feature_network.h"
#include "core/metrics/frechet.h"
#include "core/metrics/kernel.h"
#include "core/metrics/neighbours.h"
#include "core/metrics/scores.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-10); }

Moments moments_of(const at::Tensor& rows) {
  MomentsSum sum(rows.size(1));
  sum.add(rows);
  return sum.moments();
}

double mean_of(const at::Tensor& values) { return values.to(at::kDouble).mean().item<double>(); }

Covering covering_of(const at::Tensor& real, const at::Tensor& generated, int64_t k) {
  Neighbourhoods neighbourhoods(real, generated, k);
  for (;;) {
    if (const auto found = neighbourhoods()) return *found;
  }
}

// To the k-th of the others, by sorting what libtorch measures point by point.
at::Tensor radii_of(const at::Tensor& rows, int64_t k) {
  const at::Tensor apart = at::cdist(rows, rows, 2, /*compute_mode=*/2);
  return std::get<0>(apart.sort(1)).select(1, k);
}

}  // namespace

TEST_CASE("moments of rows that come in blocks are those of all of them, far from 0 too") {
  const at::Tensor rows = at::randn({301, 5}, at::kDouble) + 1e6;
  MomentsSum sum(5);
  for (const at::Tensor& block : rows.split(64)) sum.add(block);
  const Moments found = sum.moments();
  CHECK(at::allclose(found.mean, rows.mean(0), 1e-14));
  CHECK(at::allclose(found.covariance, at::cov(rows.t()), 1e-8, 1e-8));
}

TEST_CASE("moments of many rows take their turns, and come to those of all of them") {
  const at::Tensor rows = at::randn({5000, 3}, at::kDouble);
  MomentsOfRows work(rows);
  CHECK_FALSE(work().has_value());
  CHECK_FALSE(work().has_value());
  const Moments found = work().value();
  CHECK(at::allclose(found.mean, rows.mean(0), 1e-12));
  CHECK(at::allclose(found.covariance, at::cov(rows.t()), 1e-10));
}

TEST_CASE("the Fréchet distance of independent dimensions is the sum of theirs") {
  const at::Tensor a = at::rand({6}, at::kDouble) + 0.1, b = at::rand({6}, at::kDouble) + 0.1;
  const at::Tensor apart = at::rand({6}, at::kDouble);
  const Moments first{at::zeros({6}, at::kDouble), at::diag(a)}, second{apart, at::diag(b)};
  const at::Tensor wanted = apart.square() + (a.sqrt() - b.sqrt()).square();
  CHECK(frechet_distance(first, second) == near(wanted.sum().item<double>()));
  FrechetDistance in_turns(first, second);
  CHECK_FALSE(in_turns().has_value());
  CHECK_FALSE(in_turns().has_value());
  CHECK(in_turns() == frechet_distance(first, second));
}

TEST_CASE("the Fréchet distance has the trace of the root of the product, which need not commute") {
  const Moments a = moments_of(at::randn({400, 8}, at::kDouble));
  const Moments b =
      moments_of(at::randn({400, 8}, at::kDouble).mm(at::randn({8, 8}, at::kDouble)) + 1);
  // The eigenvalues of a product of two covariances are real and not negative.
  const at::Tensor roots = at::real(at::linalg_eigvals(a.covariance.mm(b.covariance))).sqrt();
  const double wanted = (a.mean - b.mean).square().sum().item<double>() +
                        (a.covariance + b.covariance).trace().item<double>() -
                        2 * roots.sum().item<double>();
  CHECK(frechet_distance(a, b) == near(wanted));
  CHECK(frechet_distance(b, a) == near(wanted));
  CHECK(std::abs(frechet_distance(b, b)) < 1e-9);
}

TEST_CASE("the Fréchet distance of covariances without full rank is finite, and never below 0") {
  // What rounding leaves of nothing is below 0 in about half of them.
  for (int i = 0; i < 20; ++i) {
    const Moments flat = moments_of(at::randn({5, 20}, at::kDouble));
    const double distance = frechet_distance(flat, flat);
    CHECK(distance >= 0);
    CHECK(distance < 1e-6);
  }
}

TEST_CASE("the kernel distance is the mean over pairs, without a row and itself") {
  const int64_t count = 9;
  const at::Tensor real = at::randn({count, 4}, at::kDouble);
  const at::Tensor generated = at::randn({count, 4}, at::kDouble) + 0.5;
  const KernelOptions options{3, count, 3, 0.25, 1, 7};
  const auto kernel = [](const at::Tensor& x, const at::Tensor& y) {
    return std::pow(0.25 * x.dot(y).item<double>() + 1, 3);
  };
  double wanted = 0;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < count; ++j) {
      if (i != j) {
        wanted += (kernel(real[i], real[j]) + kernel(generated[i], generated[j])) /
                  static_cast<double>(count * (count - 1));
      }
      wanted -= 2 * kernel(real[i], generated[j]) / static_cast<double>(count * count);
    }
  }
  CHECK(kernel_distance(real, generated, options) == near(wanted));

  // A subset of all rows is all of them, in another order.
  KernelDistances distances(real, generated, options);
  CHECK_FALSE(distances().has_value());
  CHECK_FALSE(distances().has_value());
  const at::Tensor found = distances().value();
  CHECK(found.size(0) == 3);
  CHECK(at::allclose(found, at::full({3}, wanted, at::kDouble), 1e-10));
}

TEST_CASE("subsets are drawn by the seed alone") {
  const at::Tensor real = at::randn({50, 4}), generated = at::randn({60, 4});
  const auto draw = [&](uint64_t seed) {
    KernelDistances distances(real, generated, {2, 10, 3, 0.25, 1, seed});
    distances();
    at::manual_seed(static_cast<uint64_t>(seed) + 99);
    return distances().value();
  };
  CHECK(at::equal(draw(1), draw(1)));
  CHECK_FALSE(at::equal(draw(1), draw(2)));
}

TEST_CASE("precision, recall, density and coverage count balls around neighbours") {
  const at::Tensor real = at::randn({70, 3}, at::kDouble);
  const at::Tensor generated = at::randn({50, 3}, at::kDouble) * 1.5 + 0.5;
  const int64_t k = 4;
  const at::Tensor apart = at::cdist(real, generated, 2, /*compute_mode=*/2);
  const at::Tensor inside = apart <= radii_of(real, k).unsqueeze(1);
  const at::Tensor held = apart <= radii_of(generated, k).unsqueeze(0);
  const Covering found = covering_of(real, generated, k);
  CHECK(found.precision == near(mean_of(inside.any(0))));
  CHECK(found.recall == near(mean_of(held.any(1))));
  CHECK(found.density == near(inside.sum().item<double>() / (4.0 * 50)));
  CHECK(found.coverage == near(mean_of(inside.any(1))));
  CHECK(found.precision < 1);
  CHECK(found.coverage < 1);
}

TEST_CASE("neighbours are the same where distances take several blocks") {
  // 4 million of them: three blocks each of the reals, and between the sets.
  const at::Tensor real = at::randn({2500, 2}), generated = at::randn({2100, 2});
  const Covering found = covering_of(real, generated, 2);
  const at::Tensor apart = at::cdist(real.to(at::kDouble), generated.to(at::kDouble), 2, 2);
  const at::Tensor inside = apart <= radii_of(real.to(at::kDouble), 2).unsqueeze(1);
  CHECK(found.precision == near(mean_of(inside.any(0))));
  CHECK(found.density == near(inside.sum().item<double>() / (2.0 * 2100)));
}

TEST_CASE("rows that are all the same are their own neighbours") {
  const at::Tensor same = at::full({12, 3}, 0.1);
  const Covering found = covering_of(same, same, 3);
  CHECK(found.precision == 1);
  CHECK(found.recall == 1);
  // An open ball of radius 0 holds nothing.
  CHECK(found.density == 0);
  CHECK(found.coverage == 0);
}

TEST_CASE(
    "the Inception score is 1 for answers without an opinion and the number of classes for "
    "certain, even ones") {
  CHECK(mean_of(inception_scores(at::zeros({20, 5}), 2)) == near(1));
  const at::Tensor certain = at::eye(5).repeat({4, 1}) * 1000;
  CHECK(mean_of(inception_scores(certain, 2)) == near(5));
  // The first part knows three classes, the second one.
  const at::Tensor chosen = at::tensor({0, 1, 2, 3, 3, 3}, at::kLong);
  const at::Tensor logits = at::one_hot(chosen, 5).to(at::kFloat) * 1000;
  const at::Tensor found = inception_scores(logits, 2);
  CHECK(found[0].item<double>() == near(3));
  CHECK(found[1].item<double>() == near(1));
  CHECK(at::equal(class_counts(logits), at::tensor({1, 1, 1, 3, 0}, at::kLong)));
}

TEST_CASE("values become the bytes of a picture: rounded, clipped, and no numbers refused") {
  const at::Tensor values = at::tensor({-7.0, -1.0, 0.0, 0.999, 1.0, 3.5}).reshape({1, 1, 1, 6});
  const at::Tensor wanted = at::tensor({0, 0, 128, 255, 255, 255}, at::kByte);
  CHECK(at::equal(to_pixels(values, {-1, 1}).reshape({6}), wanted));
  CHECK(at::equal(to_pixels(at::full({1}, 0.5), {0, 1}), at::full({1}, 128, at::kByte)));
  CHECK_THROWS_AS(to_pixels(at::full({1}, NAN), {0, 1}), Error);
}
