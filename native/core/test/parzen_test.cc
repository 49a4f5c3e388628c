#include "core/metrics/parzen.h"

#include <cmath>

#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

std::vector<ParzenWindow::Estimate> run(const at::Tensor& samples, const at::Tensor& points,
                                        const std::vector<double>& sigmas) {
  ParzenWindow window(samples, points, sigmas);
  while (window.advance()) {
  }
  return window.estimates();
}

}  // namespace

TEST_CASE("a Parzen window is the logarithm of the mean density, by libtorch's logsumexp") {
  const at::Tensor samples = at::rand({500, 7}), points = at::rand({90, 7});
  const std::vector<double> sigmas{0.05, 0.3, 2};
  const auto found = run(samples, points, sigmas);
  const at::Tensor distances =
      (points.unsqueeze(1).to(at::kDouble) - samples.to(at::kDouble)).square().sum(2);
  for (size_t i = 0; i < sigmas.size(); ++i) {
    const double sigma = sigmas[i];
    const at::Tensor wanted = at::logsumexp(distances / (-2 * sigma * sigma), 1) - std::log(500) -
                              7 * std::log(sigma * std::sqrt(2 * M_PI));
    CHECK(found[i].mean == doctest::Approx(wanted.mean().item<double>()).epsilon(1e-10));
    CHECK(found[i].standard_error ==
          doctest::Approx(wanted.std(0, false).item<double>() / std::sqrt(90.0)).epsilon(1e-10));
  }
}

TEST_CASE("more samples than a block holds are taken a point at a time") {
  // 3 million distances: one point a block.
  const auto found = run(at::zeros({3 << 20, 1}), at::tensor({0.0f, 2.0f}).reshape({2, 1}), {1.0});
  const double peak = -0.5 * std::log(2 * M_PI);
  CHECK(found[0].mean == doctest::Approx(peak - 1).epsilon(1e-10));
  CHECK(found[0].standard_error == doctest::Approx(1 / std::sqrt(2.0)).epsilon(1e-10));
}

TEST_CASE("the width is the likeliest on the validation points, and measures the test points") {
  const at::Tensor samples = at::rand({300, 4}) * 2 - 1;
  const at::Tensor validation = at::rand({40, 4}), test = at::rand({50, 4});
  const std::vector<double> sigmas{0.01, 0.2, 3};
  ParzenSearch search({samples, validation, test, {-1, 1}, sigmas});
  std::optional<ParzenAnswer> found;
  while (!found) found = search();
  const at::Tensor pixels = (samples.to(at::kDouble) + 1) / 2;
  const auto tried = run(pixels, validation, sigmas);
  REQUIRE(found->tried.size() == 3);
  for (size_t i = 0; i < 3; ++i) CHECK(found->tried[i].mean == tried[i].mean);
  CHECK(found->best == 1);
  CHECK(found->test.mean == run(pixels, test, {0.2})[0].mean);
}

TEST_CASE("samples beyond black and white are cut off there if asked, and the others stay") {
  const Range range{-0.3, 0.7};
  const at::Tensor samples = at::rand({30, 2}) * 3 - 1, test = at::rand({5, 2});
  const at::Tensor before = samples.clone(), clipped = samples.clamp(range.black, range.white);
  const auto measure = [&](const at::Tensor& of, bool clip) {
    ParzenSearch search({of, {}, test, range, {0.5}, clip});
    std::optional<ParzenAnswer> found;
    while (!found) found = search();
    return found->test.mean;
  };
  CHECK(measure(samples, true) == measure(clipped, false));
  CHECK(measure(samples, true) != measure(samples, false));
  CHECK(measure(clipped, true) == measure(clipped, false));
  CHECK(at::equal(samples, before));
}

TEST_CASE("without validation points there is one width, and nothing to try") {
  const at::Tensor samples = at::rand({30, 2}), test = at::rand({5, 2});
  ParzenSearch search({samples, {}, test, {0, 1}, {0.5}});
  std::optional<ParzenAnswer> found;
  while (!found) found = search();
  CHECK(found->tried.empty());
  CHECK(found->test.mean == run(samples, test, {0.5})[0].mean);
}
