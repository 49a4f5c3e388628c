// The kernels of native/cuda by emulation, against those of the CPU.
#include <map>

#include "core/step/rewrites/norm_kernels.h"
#include "core/test/emulation.h"
#include "cuda/norm.h"

// Last: it is CUDA's C++, of this file alone.
namespace {
#include "cuda/kernels/norm.cu"
}  // namespace

#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

#define KERNEL(name) {#name, emulation::emulated(name)}
#define KERNELS(type)                                                                             \
  KERNEL(part_statistics_##type), KERNEL(merge_statistics_##type), KERNEL(scale_and_bend_##type), \
      KERNEL(part_sums_##type), KERNEL(merge_sums_##type), KERNEL(combine_##type)

emulation::Emulator make_emulator() {
  return emulation::Emulator({KERNELS(float), KERNELS(double), KERNELS(bfloat16)});
}

// All that the four of them find, of one set of inputs.
struct Found {
  at::Tensor mean, variance, output, sum, dot, into;
};

struct Inputs {
  at::Tensor x, gradient, factor, offset, along;
  double slope;
  Inputs to(at::ScalarType values, at::ScalarType numbers) const {
    return {x.to(values),       gradient.to(values), factor.to(numbers),
            offset.to(numbers), along.to(numbers),   slope};
  }
};

Inputs inputs_of(int64_t rows, int64_t columns, double slope) {
  const auto draw = [](at::IntArrayRef shape) { return at::randn(shape, at::kDouble); };
  // Far from 0, where a naive sum of squares would lose its digits.
  return {draw({rows, columns}) * 2 + 30,         draw({rows, columns}), draw({columns}),
          draw({columns}) - 30 * draw({columns}), draw({columns}),       slope};
}

Found all_of(const NormKernels& kernels, const Inputs& in) {
  const auto numbers = [&in] { return at::empty_like(in.factor); };
  Found found{numbers(), numbers(), at::empty_like(in.x),
              numbers(), numbers(), at::empty_like(in.x)};
  kernels.take_statistics(in.x, found.mean, found.variance);
  kernels.scale_and_bend(in.x, in.factor, in.offset, in.slope, found.output);
  const NormGradient of{in.gradient, found.output, in.x, in.slope};
  kernels.sum_gradients(of, found.mean, found.sum, found.dot);
  kernels.combine(of, in.factor, in.along, in.offset, found.into);
  return found;
}

double largest(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor scale = expected.abs().max().clamp_min(1);
  return ((found.to(at::kDouble) - expected).abs().max() / scale).item<double>();
}

void check_equal(const Found& found, const Found& expected, double bound) {
  CHECK(largest(found.mean, expected.mean) < bound);
  CHECK(largest(found.variance, expected.variance) < bound);
  CHECK(largest(found.output, expected.output) < bound);
  CHECK(largest(found.sum, expected.sum) < bound);
  CHECK(largest(found.dot, expected.dot) < bound);
  CHECK(largest(found.into, expected.into) < bound);
}

}  // namespace

TEST_CASE("a GPU's normalisation is the CPU's, for any number of rows and columns") {
  const emulation::Emulator emulator = make_emulator();
  const DeviceNormKernels device(emulator);
  for (const auto& [rows, columns] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {7, 33}, {64, 5}, {333, 40}, {1100, 3}}) {
    for (const double slope : {0.2, 0.0, 1.0}) {
      CAPTURE(rows);
      CAPTURE(columns);
      const Inputs in = inputs_of(rows, columns, slope);
      const Found expected = all_of(norm_kernels_of_cpu(), in);
      check_equal(all_of(device, in), expected, 1e-12);
      check_equal(all_of(device, in.to(at::kFloat, at::kFloat)), expected, 1e-4);
    }
  }
}

TEST_CASE("a GPU's normalisation of bfloat16 sums in float32, and rounds what it writes") {
  const emulation::Emulator emulator = make_emulator();
  const DeviceNormKernels device(emulator);
  const Inputs rounded = inputs_of(130, 34, 0.2).to(at::kBFloat16, at::kFloat);
  const Found found = all_of(device, rounded);
  const Inputs exact = rounded.to(at::kDouble, at::kDouble);
  const Found expected = all_of(norm_kernels_of_cpu(), exact);
  CHECK(largest(found.mean, expected.mean) < 1e-6);
  CHECK(largest(found.variance, expected.variance) < 1e-5);
  const at::Tensor values = (exact.x * exact.factor + exact.offset);
  const at::Tensor bent = at::leaky_relu(values, 0.2).to(at::kFloat).to(at::kBFloat16);
  // Off by one in the last place where float32 and float64 lie on two sides of a tie.
  CHECK((found.output != bent).to(at::kDouble).mean().item<double>() < 0.01);
  CHECK(largest(found.output, at::leaky_relu(values, 0.2)) < 0.004);
}

TEST_CASE("bfloat16 is rounded as libtorch does it: to even, infinities and NaN too") {
  const float infinite = std::numeric_limits<float>::infinity();
  const at::Tensor values =
      at::cat({at::randn({1000}) * 1e3f, at::tensor({0.f, -0.f, 1.00390625f, 1.01171875f, infinite,
                                                     -infinite, 3.4e38f, std::nanf(""), 1e-40f})});
  const at::Tensor expected = values.to(at::kBFloat16);
  for (int64_t i = 0; i < values.numel(); ++i) {
    BFloat16 to;
    narrow(values[i].item<float>(), &to);
    const at::Tensor own = at::scalar_tensor(widen(to), at::kFloat),
                     its = expected[i].to(at::kFloat);
    CAPTURE(values[i].item<float>());
    CHECK(at::allclose(own, its, 0, 0, /*equal_nan=*/true));
  }
}

TEST_CASE("types that the kernels do not take are told") {
  const emulation::Emulator emulator = make_emulator();
  const DeviceNormKernels device(emulator);
  CHECK(device.take(at::kBFloat16, at::kFloat));
  CHECK_FALSE(device.take(at::kBFloat16, at::kBFloat16));
  CHECK_FALSE(device.take(at::kHalf, at::kFloat));
  CHECK_FALSE(device.take(at::kFloat, at::kDouble));
  CHECK_FALSE(norm_kernels_of_cpu().take(at::kBFloat16, at::kFloat));
}
