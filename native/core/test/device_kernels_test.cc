// The kernels of native/cuda by emulation: each against that of the CPU, and the normalisation that
// they make together against libtorch's.
#include <map>

#include "core/step/rewrites/norm_activation.h"
#include "core/step/rewrites/norm_kernels.h"
#include "core/test/emulation.h"
#include "core/test/fenced_memory.h"
#include "cuda/norm.h"

// Last: it is CUDA's C++, of this file alone.
namespace {
#include "cuda/kernels/norm.cu"
}  // namespace

#include "core/test/check.h"  // last: see there

using namespace sparring;
using sparring::emulation::Turns;

namespace {

#define KERNEL(name) {#name, emulation::emulated(name)}
#define KERNELS(type)                                                                             \
  KERNEL(part_statistics_##type), KERNEL(merge_statistics_##type), KERNEL(scale_and_bend_##type), \
      KERNEL(part_sums_##type), KERNEL(merge_sums_##type), KERNEL(combine_##type)

emulation::Emulator make_emulator(Turns turns) {
  return emulation::Emulator({KERNELS(float), KERNELS(double), KERNELS(bfloat16)}, turns);
}

// What was found, by name.
using Found = std::vector<std::pair<const char*, at::Tensor>>;

const at::Tensor& named(const Found& found, const std::string& name) {
  return std::find_if(found.begin(), found.end(),
                      [&](const auto& one) { return one.first == name; })
      ->second;
}

// What work(kernels) finds by the kernels of a device, in whatever order its threads come.
template <class Work>
Found by_device(const Work& work) {
  const emulation::Emulator emulator = make_emulator(Turns::kForwards);
  const emulation::Emulator backwards = make_emulator(Turns::kBackwards);
  const Found found = work(DeviceNormKernels(emulator));
  const Found other = work(DeviceNormKernels(backwards));
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(found[i].first);
    CHECK(at::allclose(found[i].second, other[i].second, 0, 0, /*equal_nan=*/true));
  }
  return found;
}

double largest(const at::Tensor& found, const at::Tensor& expected) {
  const at::Tensor scale = expected.abs().max().clamp_min(1);
  return ((found.to(at::kDouble) - expected).abs().max() / scale).item<double>();
}

void check_equal(const Found& found, const Found& expected, double bound) {
  for (size_t i = 0; i < found.size(); ++i) {
    CAPTURE(found[i].first);
    CHECK(largest(found[i].second, expected[i].second) < bound);
  }
}

struct Inputs {
  at::Tensor x, gradient, factor, offset, along;
  double slope;
  Inputs to(at::ScalarType values, at::ScalarType numbers) const {
    return {x.to(values),       gradient.to(values), factor.to(numbers),
            offset.to(numbers), along.to(numbers),   slope};
  }
};

Inputs inputs_of(int64_t rows, int64_t columns, double slope) {
  at::manual_seed(3);
  const auto draw = [](at::IntArrayRef shape) { return at::randn(shape, at::kDouble); };
  // Far from 0, where a naive sum of squares would lose its digits.
  return {draw({rows, columns}) * 2 + 30,
          draw({rows, columns}),
          draw({columns}),
          draw({columns}),
          draw({columns}),
          slope};
}

// All that the four of them find.
Found all_of(const NormKernels& kernels, const Inputs& in) {
  const auto numbers = [&in] { return at::empty_like(in.factor); };
  const at::Tensor mean = numbers(), variance = numbers(), sum = numbers(), dot = numbers();
  const at::Tensor output = at::empty_like(in.x), into = at::empty_like(in.x);
  kernels.take_statistics(in.x, mean, variance);
  kernels.scale_and_bend(in.x, {mean, in.factor, in.offset}, in.slope, output);
  const NormGradient of{in.gradient, output, in.x, in.slope};
  kernels.sum_gradients(of, mean, sum, dot);
  kernels.combine(of, in.factor, {mean, in.along, in.offset}, into);
  return {{"mean", mean}, {"variance", variance}, {"output", output},
          {"sum", sum},   {"dot", dot},           {"into", into}};
}

Found device_all_of(const Inputs& in) {
  return by_device([&in](const NormKernels& kernels) { return all_of(kernels, in); });
}

// x as the networks have it, and the rest of what a normalisation takes.
struct Given {
  at::Tensor x, weight, bias, mean, variance, gradient;
  Given to(at::ScalarType values, at::ScalarType numbers) const {
    return {x.to(values),     weight.to(numbers),   bias.to(numbers),
            mean.to(numbers), variance.to(numbers), gradient.to(values)};
  }
};

Given given_of(at::IntArrayRef shape) {
  at::manual_seed(3);
  // Of few digits, so that they are equal in all types.
  const auto draw = [](at::IntArrayRef sizes) {
    return at::randn(sizes).to(at::kBFloat16).to(at::kDouble);
  };
  const auto numbers = [&] { return draw({shape[1]}); };
  const at::Tensor x = draw(shape);
  const at::Tensor laid =
      shape.size() == 4 ? x.permute({0, 2, 3, 1}).contiguous().permute({0, 3, 1, 2}) : x;
  return {laid, numbers(), numbers(), numbers(), numbers().abs(), draw(shape)};
}

constexpr double kMomentum = 0.1, kEps = 1e-5, kSlope = 0.2;

// The output, its gradients, and the running statistics afterwards.
template <class Normalize>
Found normalised(const Given& of, const Normalize& normalize) {
  const auto leaf = [](const at::Tensor& one) { return one.detach().requires_grad_(); };
  const at::Tensor x = leaf(of.x), weight = leaf(of.weight), bias = leaf(of.bias);
  const NormRule rule{weight, bias, of.mean.clone(), of.variance.clone(), kMomentum, kEps};
  const at::Tensor output = normalize(x, rule);
  const auto gradients = torch::autograd::grad({output}, {x, weight, bias}, {of.gradient});
  return {{"output", output.detach()},
          {"x", gradients[0]},
          {"weight", gradients[1]},
          {"bias", gradients[2]},
          {"running mean", rule.running_mean},
          {"running variance", rule.running_var}};
}

Found by_libtorch(const Given& of) {
  return normalised(of, [](const at::Tensor& x, const NormRule& by) {
    const at::Tensor normal = at::batch_norm(x, by.weight, by.bias, by.running_mean, by.running_var,
                                             /*training=*/true, by.momentum, by.eps, false);
    return at::leaky_relu(normal, kSlope);
  });
}

Found by_kernels(const Given& of) {
  return by_device([&of](const NormKernels& kernels) {
    return normalised(of, [&kernels](const at::Tensor& x, const NormRule& by) {
      return normalized(x, {by, kSlope, {}}, &kernels);
    });
  });
}

// What a device takes and the launcher leaves room for.
static_assert(sizeof(Moments<double>) == 3 * sizeof(double));
static_assert(sizeof(Sums<double>) <= sizeof(Moments<double>));

}  // namespace

TEST_CASE("a GPU's normalisation is the CPU's, for any number of rows and columns") {
  const test::FencedMemory fenced;
  for (const auto& [rows, columns] :
       std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {7, 33}, {64, 5}, {333, 40}, {1100, 3}}) {
    for (const double slope : {0.2, 0.0, 1.0}) {
      CAPTURE(rows);
      CAPTURE(columns);
      const Inputs in = inputs_of(rows, columns, slope);
      const Found expected = all_of(norm_kernels_of_cpu(), in);
      check_equal(device_all_of(in), expected, 1e-12);
      check_equal(device_all_of(in.to(at::kFloat, at::kFloat)), expected, 1e-4);
    }
  }
}

TEST_CASE(
    "where rows or columns would fill more blocks than there are, the sums are the CPU's too") {
  for (const auto& [rows, columns] :
       std::vector<std::pair<int64_t, int64_t>>{{40'000, 1}, {40, 33'000}}) {
    CAPTURE(rows);
    const Inputs in = inputs_of(rows, columns, 0.2);
    const emulation::Emulator emulator = make_emulator(Turns::kForwards);
    check_equal(all_of(DeviceNormKernels(emulator), in.to(at::kFloat, at::kFloat)),
                all_of(norm_kernels_of_cpu(), in), 1e-4);
  }
}

TEST_CASE("a matrix of any size has blocks for all its columns, and no more than a GPU takes") {
  for (int64_t columns = 1; columns <= int64_t{1} << 20; columns = 3 * columns + 1) {
    for (int64_t rows = 1; rows <= int64_t{1} << 40; rows = 7 * rows + 1) {
      const Extent blocks = norm_blocks(rows, columns);
      const int64_t wide = blocks.x, deep = blocks.y;
      CHECK(wide == (columns + kWide - 1) / kWide);
      CHECK(deep >= 1);
      CHECK(deep <= std::max<int64_t>(1, 1024 / wide));
      // None of them without a row.
      CHECK((deep - 1) * kDeep < rows);
    }
  }
}

TEST_CASE("a GPU's kernels make libtorch's batch normalisation and leaky ReLU, and its gradients") {
  const test::FencedMemory fenced;
  using Shape = std::vector<int64_t>;
  for (const Shape& shape : {Shape{5, 33, 9, 7}, Shape{3, 1, 8, 8}, Shape{2, 40, 1, 1},
                             Shape{50, 70}, Shape{2, 3}, Shape{1, 5, 1, 2}, Shape{257, 1}}) {
    CAPTURE(shape);
    const Given given = given_of(shape);
    const Found expected = by_libtorch(given);
    check_equal(by_kernels(given), expected, 1e-12);
    check_equal(by_kernels(given.to(at::kFloat, at::kFloat)), expected, 2e-4);
    // As autocast has it: the numbers of channels are float32.
    check_equal(by_kernels(given.to(at::kBFloat16, at::kFloat)), expected, 3e-2);
  }
}

TEST_CASE("a single value a channel becomes its shift, as in libtorch") {
  const test::FencedMemory fenced;
  const Given given = given_of({1, 40});
  const Found found = by_kernels(given), expected = by_libtorch(given);
  for (const char* const name : {"output", "x", "weight", "bias", "running mean"}) {
    CAPTURE(name);
    CHECK(largest(named(found, name), named(expected, name)) < 1e-12);
  }
}

TEST_CASE("images in the other layout go the way of libtorch") {
  const emulation::Emulator emulator = make_emulator(Turns::kForwards);
  const DeviceNormKernels kernels(emulator);
  Given given = given_of({4, 6, 5, 5});
  given.x = given.x.contiguous();
  const Found found = normalised(given, [&](const at::Tensor& x, const NormRule& by) {
    return normalized(x, {by, kSlope, {}}, &kernels);
  });
  check_equal(found, by_libtorch(given), 1e-14);
  CHECK(emulator.launches == 0);
}

TEST_CASE("a GPU's normalisation of bfloat16 sums in float32, and rounds what it writes") {
  const test::FencedMemory fenced;
  const Inputs rounded = inputs_of(130, 34, 0.2).to(at::kBFloat16, at::kFloat);
  const Found found = device_all_of(rounded);
  const Inputs exact = rounded.to(at::kDouble, at::kDouble);
  const Found expected = all_of(norm_kernels_of_cpu(), exact);
  CHECK(largest(named(found, "mean"), named(expected, "mean")) < 1e-6);
  CHECK(largest(named(found, "variance"), named(expected, "variance")) < 1e-5);
  const at::Tensor apart = exact.x - named(expected, "mean");
  const at::Tensor values = apart * exact.factor + exact.offset;
  const at::Tensor bent = at::leaky_relu(values, 0.2).to(at::kFloat).to(at::kBFloat16);
  // Off by one in the last place where float32 and float64 lie on two sides of a tie.
  const at::Tensor& output = named(found, "output");
  CHECK((output != bent).to(at::kDouble).mean().item<double>() < 0.01);
  CHECK(largest(output, at::leaky_relu(values, 0.2)) < 0.004);
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
  const emulation::Emulator emulator = make_emulator(Turns::kForwards);
  const DeviceNormKernels device(emulator);
  CHECK(device.take(at::kBFloat16, at::kFloat));
  CHECK_FALSE(device.take(at::kBFloat16, at::kBFloat16));
  CHECK_FALSE(device.take(at::kHalf, at::kFloat));
  CHECK_FALSE(device.take(at::kFloat, at::kDouble));
  CHECK(norm_kernels_of_cpu().take(at::kBFloat16, at::kFloat));
  CHECK_FALSE(norm_kernels_of_cpu().take(at::kBFloat16, at::kBFloat16));
}
