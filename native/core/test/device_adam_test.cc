// The kernels of native/cuda that update, by emulation, against those of the CPU.
#include "core/test/emulation.h"
#include "cuda/adam.h"

// Last: it is CUDA's C++, of this file alone.
namespace {
#include "cuda/kernels/adam.cu"
}  // namespace

#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

// What a device takes.
static_assert(sizeof(AdamTable<double>) + 64 < 4096);

#define KERNEL(name) {#name, emulation::emulated(name)}

emulation::Emulator make_emulator() {
  return emulation::Emulator({KERNEL(begin_update_float), KERNEL(begin_update_double),
                              KERNEL(update_values_float), KERNEL(update_values_double)});
}

constexpr double kRate = 0.0078125, kAverageWeight = 0.3;

struct Held {
  at::Tensor parameter, gradient, mean, square, average;
  AdamTensors tensors() const { return {parameter, gradient, mean, square, average}; }
};

std::vector<AdamTensors> all_of(const std::vector<Held>& held) {
  std::vector<AdamTensors> all;
  for (const Held& one : held) all.push_back(one.tensors());
  return all;
}

// Parameters with all that belongs to them, drawn again the same.
std::vector<Held> drawn(const std::vector<int64_t>& sizes, at::ScalarType type, bool averaged) {
  at::manual_seed(2);
  std::vector<Held> all;
  for (const int64_t size : sizes) {
    const auto draw = [&] { return at::randn({size}, at::kDouble).to(type); };
    all.push_back({draw(), draw(), draw(), draw().square(), averaged ? draw() : at::Tensor()});
  }
  return all;
}

AdamKernel::Numbers numbers_of(const std::vector<int64_t>& sizes, bool averaged) {
  AdamKernel::Numbers numbers{at::full({}, kRate, at::kFloat), {}, {}};
  // The updates that a parameter had may differ from its neighbour's.
  for (size_t i = 0; i < sizes.size(); ++i) {
    numbers.updates.push_back(at::full({}, static_cast<double>(i % 5), at::kFloat));
  }
  if (averaged) numbers.average_weight = at::full({}, kAverageWeight, at::kDouble);
  return numbers;
}

double apart(const at::Tensor& one, const at::Tensor& other) {
  if (one.numel() == 0) return 0;
  return (one - other).abs().max().item<double>();
}

// Three updates by either; how far the tensors are from each other then.
double distance(const std::vector<int64_t>& sizes, at::ScalarType type, bool averaged,
                const AdamConstants& constants) {
  const emulation::Emulator emulator = make_emulator();
  const DeviceAdam kernel(emulator);
  const auto found = drawn(sizes, type, averaged);
  const auto expected = drawn(sizes, type, averaged);
  const AdamKernel::Numbers numbers = numbers_of(sizes, averaged);
  double most = 0;
  for (int64_t update = 1; update <= 3; ++update) {
    kernel.update(all_of(found), constants, numbers);
    for (size_t i = 0; i < sizes.size(); ++i) {
      const int64_t updates = static_cast<int64_t>(i % 5) + update;
      adam_update(expected[i].tensors(), constants,
                  {kRate, updates, averaged ? kAverageWeight : 0});
      CHECK(numbers.updates[i].item<float>() == updates);
      most = std::max({most, apart(found[i].parameter, expected[i].parameter),
                       apart(found[i].mean, expected[i].mean),
                       apart(found[i].square, expected[i].square)});
      if (averaged) most = std::max(most, apart(found[i].average, expected[i].average));
    }
  }
  return most;
}

const AdamConstants kPlain{0.5, 0.999, 1e-8, 0, false};

}  // namespace

TEST_CASE("a GPU's Adam is the CPU's, its average with it, for tensors of any size") {
  // Within a block, a whole one, one value more, and several; none at all in between.
  const std::vector<int64_t> sizes{1, 700, 0, 1024, 1025, 5000, 3};
  const std::vector<AdamConstants> kinds{
      kPlain, {0.9, 0.99, 1e-3, 0.1, false}, {0, 0.99, 1e-8, 0.1, true}};
  for (const AdamConstants& constants : kinds) {
    for (const bool averaged : {false, true}) {
      CAPTURE(averaged);
      CAPTURE(constants.weight_decay);
      CHECK(distance(sizes, at::kDouble, averaged, constants) < 1e-12);
      CHECK(distance(sizes, at::kFloat, averaged, constants) < 1e-5);
    }
  }
}

TEST_CASE("more tensors than a launch takes are updated by several") {
  const std::vector<int64_t> sizes(101, 2);
  CHECK(distance(sizes, at::kDouble, true, kPlain) < 1e-12);
  const emulation::Emulator emulator = make_emulator();
  const DeviceAdam kernel(emulator);
  const auto found = drawn(sizes, at::kFloat, true);
  kernel.update(all_of(found), kPlain, numbers_of(sizes, true));
  CHECK(emulator.launches == 6);
  kernel.update({}, kPlain, numbers_of({}, true));
  CHECK(emulator.launches == 6);
}

TEST_CASE("an update that is launched again reads the rate and the weight as they are then") {
  const emulation::Emulator emulator = make_emulator();
  const DeviceAdam kernel(emulator);
  const std::vector<int64_t> sizes{10};
  const auto found = drawn(sizes, at::kDouble, true);
  const AdamKernel::Numbers numbers = numbers_of(sizes, true);
  kernel.update(all_of(found), kPlain, numbers);
  numbers.rate.fill_(0);
  numbers.average_weight.fill_(1);
  const at::Tensor before = found[0].parameter.clone();
  kernel.update(all_of(found), kPlain, numbers);
  CHECK(at::equal(found[0].parameter, before));
  CHECK(at::allclose(found[0].average, before, 1e-14, 1e-14));
}
