// The kernels of native/cuda that update, by emulation: against those of the CPU, and the optimizer
// that works by them against libtorch's operations.
#include "core/optim/optimizer.h"
#include "core/test/emulation.h"
#include "core/test/fenced_memory.h"
#include "cuda/adam.h"

// Last: it is CUDA's C++, of this file alone.
namespace {
#include "cuda/kernels/adam.cu"
}  // namespace

#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using sparring::emulation::Turns;

namespace {

#define KERNEL(name) {#name, emulation::emulated(name)}

emulation::Emulator make_emulator(Turns turns = Turns::kForwards) {
  return emulation::Emulator({KERNEL(begin_update_float), KERNEL(begin_update_double),
                              KERNEL(update_values_float), KERNEL(update_values_double)},
                             turns);
}

constexpr double kRate = 0.0078125, kAverageWeight = 0.3;

struct Held {
  at::Tensor parameter, gradient, mean, square, average;
  AdamTensors tensors() const {
    static const at::Tensor none;
    return {parameter, gradient, mean, square, none, average};
  }
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

void check_near(const at::Tensor& found, const at::Tensor& expected, double bound) {
  if (!expected.defined() || expected.numel() == 0) return;
  CHECK((found - expected).abs().max().item<double>() < bound);
}

// Three updates by either.
void check_equal(const std::vector<int64_t>& sizes, at::ScalarType type, bool averaged,
                 const AdamConstants& constants, Turns turns = Turns::kForwards) {
  const emulation::Emulator emulator = make_emulator(turns);
  const DeviceAdam kernel(emulator);
  const auto found = drawn(sizes, type, averaged);
  const auto expected = drawn(sizes, type, averaged);
  const AdamKernel::Numbers numbers = numbers_of(sizes, averaged);
  const double bound = type == at::kDouble ? 1e-12 : 1e-5;
  for (int64_t update = 1; update <= 3; ++update) {
    kernel.update(all_of(found), constants, numbers);
    for (size_t i = 0; i < sizes.size(); ++i) {
      const int64_t updates = static_cast<int64_t>(i % 5) + update;
      adam_update(expected[i].tensors(), constants,
                  {kRate, updates, averaged ? kAverageWeight : 0});
      CHECK(numbers.updates[i].item<float>() == updates);
      check_near(found[i].parameter, expected[i].parameter, bound);
      check_near(found[i].mean, expected[i].mean, bound);
      check_near(found[i].square, expected[i].square, bound);
      check_near(found[i].average, expected[i].average, bound);
    }
  }
}

const AdamConstants kPlain{0.5, 0.999, 1e-8, 0, false};

// Parameters by one optimizer, and averages that follow them.
struct Trained {
  std::vector<at::Tensor> parameters, averages;
  std::unique_ptr<Optimizer> optimizer;
};

// Sizes that are no multiple of a block, and one that is left out of every other update.
const std::vector<std::vector<int64_t>> kShapes{{6, 4, 3, 3}, {1}, {1025}, {33, 7}};
constexpr size_t kLeftOut = 2;

std::vector<at::Tensor> drawn_like(at::ScalarType type) {
  std::vector<at::Tensor> all;
  for (const auto& shape : kShapes) all.push_back(at::randn(shape, at::kDouble).to(type));
  return all;
}

std::vector<at::Tensor> copies(const std::vector<at::Tensor>& all) {
  std::vector<at::Tensor> others;
  for (const at::Tensor& one : all) others.push_back(one.clone());
  return others;
}

// Of numbers that float32 has exactly, as that is what the device gets of the rate.
OptimizerChoice falling(bool decoupled, double weight_decay) {
  OptimizerChoice choice = test::adam(0.0078125, weight_decay);
  if (decoupled) choice.optimizer.type = "adamW";
  choice.schedule = {"linear", {{"to", 0.0}, {"steps", 8.0}, {"after", 0.0}}};
  return choice;
}

// The next update of both: by the kernels, and by libtorch's operations one by one.
void update_both(Trained& device, Trained& libtorch, Following& following, int64_t update) {
  std::vector<at::Tensor> gradients = drawn_like(device.parameters[0].scalar_type());
  gradients[0] = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
  if (update % 2 == 1) gradients[kLeftOut] = at::Tensor();
  const double weight = 1. / static_cast<double>(1 + update);
  following.weight_there.fill_(weight);
  device.optimizer->step_fused(gradients);
  CHECK(following.is_done);
  following.is_done = false;
  libtorch.optimizer->step_exact(gradients);
  at::_foreach_lerp_(libtorch.averages, libtorch.parameters, weight);
}

void check_equal(const Trained& found, const Trained& expected, double bound) {
  for (size_t i = 0; i < kShapes.size(); ++i) {
    CAPTURE(i);
    check_near(found.parameters[i], expected.parameters[i], bound);
    check_near(found.averages[i], expected.averages[i], bound);
    for (size_t k = 0; k < expected.optimizer->states().size(); ++k) {
      check_near(found.optimizer->states()[k].second[i], expected.optimizer->states()[k].second[i],
                 bound);
    }
  }
}

// Some updates, after as many as a checkpoint tells of.
void check_optimizer(at::ScalarType type, const OptimizerChoice& choice, Turns turns) {
  at::manual_seed(4);
  const emulation::Emulator emulator = make_emulator(turns);
  const DeviceAdam kernel(emulator);
  const bool decoupled = choice.optimizer.type == "adamW";
  const std::vector<at::Tensor> start = drawn_like(type), averages = drawn_like(type);
  Trained device{copies(start), copies(averages), nullptr};
  Trained libtorch{copies(start), copies(averages), nullptr};
  device.optimizer = make_adam_by(kernel, choice.optimizer.options, device.parameters, decoupled);
  device.optimizer->take_rules(choice);
  libtorch.optimizer = make_optimizer(choice, libtorch.parameters);
  Following following{device.averages, 0, at::zeros({}, at::kDouble), false};
  device.optimizer->lead(&following);
  for (const Trained* one : {&device, &libtorch}) one->optimizer->set_counts({2, {2, 5, 0, 1}});
  for (int64_t update = 0; update < 5; ++update) update_both(device, libtorch, following, update);
  check_equal(device, libtorch, type == at::kDouble ? 1e-12 : 1e-5);
  CHECK(device.optimizer->counts().of_parameters == libtorch.optimizer->counts().of_parameters);
  // With AMSGrad libtorch's own kernel updates, and the averages follow it.
  CHECK(emulator.launches == (choice.optimizer.options.flag("amsgrad") ? 0 : 10));
}

}  // namespace

TEST_CASE("a GPU's Adam is the CPU's, its average with it, for tensors of any size") {
  const test::FencedMemory fenced;
  // Within a block, a whole one, one value more, and several; none at all in between.
  const std::vector<int64_t> sizes{1, 700, 0, 1024, 1025, 5000, 3};
  const std::vector<AdamConstants> kinds{
      kPlain, {0.9, 0.99, 1e-3, 0.1, false}, {0, 0.99, 1e-8, 0.1, true}};
  for (const AdamConstants& constants : kinds) {
    for (const bool averaged : {false, true}) {
      CAPTURE(averaged);
      CAPTURE(constants.weight_decay);
      check_equal(sizes, at::kDouble, averaged, constants);
      check_equal(sizes, at::kDouble, averaged, constants, Turns::kBackwards);
      check_equal(sizes, at::kFloat, averaged, constants);
    }
  }
}

TEST_CASE("more tensors than a launch takes are updated by several") {
  const std::vector<int64_t> sizes(101, 2);
  check_equal(sizes, at::kDouble, true, kPlain);
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

TEST_CASE("an optimizer that reads its rate can be recorded with any, an update at a time") {
  const emulation::Emulator emulator = make_emulator(Turns::kForwards);
  const DeviceAdam kernel(emulator);
  const OptimizerChoice choice = falling(false, 0);
  const auto optimizer =
      make_adam_by(kernel, choice.optimizer.options, drawn_like(at::kFloat), /*decoupled=*/false);
  optimizer->take_rules(choice);
  CHECK(optimizer->is_recordable(1));
  CHECK_FALSE(optimizer->is_recordable(2));
}

TEST_CASE("an optimizer on a GPU does libtorch's operations, and its averages follow") {
  const test::FencedMemory fenced;
  for (const bool decoupled : {false, true}) {
    for (const double weight_decay : {0.0, 0.125}) {
      CAPTURE(decoupled);
      CAPTURE(weight_decay);
      const OptimizerChoice choice = falling(decoupled, weight_decay);
      check_optimizer(at::kDouble, choice, Turns::kForwards);
      check_optimizer(at::kDouble, choice, Turns::kBackwards);
      check_optimizer(at::kFloat, choice, Turns::kForwards);
      OptimizerChoice largest = choice;
      largest.optimizer.options.set("amsgrad", true);
      largest.optimizer.options.set("beta2", 0.5);
      check_optimizer(at::kDouble, largest, Turns::kForwards);
    }
  }
}
