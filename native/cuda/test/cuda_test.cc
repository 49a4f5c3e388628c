// What only a GPU can show. Its own binary: run by scripts/gpu-check.sh, and only compiled
// elsewhere.
#include "core/runtime/cuda.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <set>

#include "core/data/uploads.h"
#include "core/runtime/accelerator.h"
#include "core/step/autograd_step.h"
#include "core/step/rewrites/norm_activation.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/drawn_training.h"
#include "core/test/pairs.h"
#include "cuda/test/trainings.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// The output, and the gradients for the input, the factors and the shifts.
using Normalised = std::vector<at::Tensor>;

at::Tensor normalised_by_libtorch(const at::Tensor& x, const at::Tensor& weight,
                                  const at::Tensor& shift) {
  return at::leaky_relu(at::batch_norm(x, weight, shift, {}, {}, true, 0.1, 1e-5, false), 0.2);
}

Normalised normalised(const Shape& sizes, at::ScalarType type, bool by_libtorch) {
  at::manual_seed(3);
  const auto numbers = type == at::kDouble ? at::kDouble : at::kFloat;
  const auto draw = [](const Shape& shape, at::ScalarType to) {
    // Equal for all types: of few digits.
    return at::randn(shape).to(at::kBFloat16).to(kGpu, to);
  };
  at::Tensor x = draw(sizes, type);
  if (sizes.size() == 4) x = x.contiguous(at::MemoryFormat::ChannelsLast);
  x.requires_grad_();
  const at::Tensor weight = draw({sizes[1]}, numbers).requires_grad_();
  const at::Tensor shift = draw({sizes[1]}, numbers).requires_grad_();
  // None comes back to the corner, where rounding says which of two slopes it meets.
  const auto wide = [](const at::Tensor& one) { return one.detach().to(at::kDouble); };
  const at::Tensor place = normalised_by_libtorch(wide(x), wide(weight), wide(shift)).abs();
  const at::Tensor gradient = draw(sizes, type) * (place > 1e-4);
  const at::Tensor output = by_libtorch
                                ? normalised_by_libtorch(x, weight, shift)
                                : normalized(x, {{weight, shift, {}, {}, 0.1, 1e-5}, 0.2, {}});
  Normalised all = torch::autograd::grad({output}, {x, weight, shift}, {gradient});
  all.insert(all.begin(), output.detach());
  return all;
}

}  // namespace

TEST_CASE("a GPU and native/cuda are there") {
  load_cuda();
  MESSAGE(accelerator_off());
  REQUIRE(accelerator() != nullptr);
  CHECK(accelerator()->capability(kGpu) >= 50);
  CHECK(accelerator()->memory(kGpu).free > 0);
}

TEST_CASE("the GPU's own kernels normalise and bend as libtorch does, both ways") {
  REQUIRE(accelerator() != nullptr);
  MESSAGE(accelerator()->kernels_off(kGpu));
  REQUIRE(accelerator()->norm_kernels(kGpu) != nullptr);
  const std::vector<std::pair<at::ScalarType, double>> types{
      {at::kDouble, 1e-10}, {at::kFloat, 1e-4}, {at::kBFloat16, 3e-2}};
  for (const std::vector<int64_t>& sizes : {Shape{64, 100, 9, 7}, Shape{50, 300}, Shape{2, 3}}) {
    for (const auto& [type, bound] : types) {
      CAPTURE(sizes);
      CAPTURE(type);
      const Normalised own = normalised(sizes, type, /*by_libtorch=*/false);
      const Normalised its = normalised(sizes, at::kDouble, /*by_libtorch=*/true);
      for (size_t i = 0; i < own.size(); ++i) {
        const at::Tensor apart = (own[i].to(at::kDouble) - its[i]).abs().max();
        CHECK((apart / its[i].abs().max().clamp_min(1)).item<double>() < bound);
      }
    }
  }
}

TEST_CASE("the GPU's own kernels update as libtorch's do, and take the average along") {
  REQUIRE(accelerator() != nullptr);
  REQUIRE(accelerator()->adam_kernel(kGpu) != nullptr);
  const auto data = images(16);
  const auto flat = [](const Network& network) {
    std::vector<at::Tensor> all;
    for (const at::Tensor& one : network.parameters()) {
      all.push_back(one.detach().cpu().to(at::kDouble).flatten());
    }
    return at::cat(all);
  };
  std::vector<at::Tensor> updates;
  for (const bool leads : {true, false}) {
    const auto pair = pair_by(all_rules()[0]);
    // Without it libtorch's kernels update, and the average moves afterwards.
    if (!leads) pair->generator_optimizer->lead(nullptr);
    const at::Tensor before = flat(*pair->generator);
    Trainer trainer(pair, std::make_unique<AutogradStep>(pair, make_fused(pair)));
    trainer.use(data, 16);
    trainer.step();
    const at::Tensor after = flat(*pair->generator);
    updates.push_back(after - before);
    // At first it keeps a millionth of what it was.
    CHECK(distance(flat(pair->average->network()), after) < 1e-5);
  }
  // Adam's first step is a sign for each value, and rounding decides a few.
  CHECK((updates[0] - updates[1]).norm().item<double>() < 0.05 * updates[1].norm().item<double>());
}

TEST_CASE("fused equals eager for networks that were drawn, on the GPU too: 1e-8") {
  int64_t silent = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) silent += !check_drawn(seed, kGpu);
  CHECK(silent < 6);
}

TEST_CASE("initial weights are those of the CPU") {
  RandomStream one(3), other(3);
  const Network gpu(small_generator(5), kGpu, at::kFloat, one);
  const Network cpu(small_generator(5), at::kCPU, at::kFloat, other);
  for (size_t i = 0; i < cpu.state().size(); ++i) {
    CHECK(at::equal(gpu.state()[i].second.cpu(), cpu.state()[i].second));
  }
}

// 4 batches of 16 and one of 6 an epoch: every fifth step is another kind, and has its recording.
TEST_CASE("60 steps by replay are 60 steps without") {
  const auto data = images(70);
  for (const Rules& rules : all_rules()) {
    CAPTURE(rules.name);
    const Trajectory replayed = train(rules, true, data, 60), plain = train(rules, false, data, 60);
    const double bound = rules.precision == Precision::kBfloat16 ? 2e-2 : 1e-3;
    for (size_t i = 0; i < plain.losses.size(); ++i) {
      CAPTURE(i);
      CHECK(std::abs(replayed.losses[i] - plain.losses[i]) <
            bound * (1 + std::abs(plain.losses[i])));
    }
    for (size_t i = 0; i < plain.weights.size(); ++i) {
      CHECK(distance(replayed.weights[i].to(at::kDouble), plain.weights[i].to(at::kDouble)) < 0.05);
    }
  }
}

// What the host has of a batch is overwritten before the GPU comes to it.
TEST_CASE("batches of the host arrive as they were sent, however far it is ahead") {
  REQUIRE(accelerator() != nullptr);
  enter_device(kGpu);
  const at::Tensor work = at::rand({4096, 4096}, at::TensorOptions(kGpu));
  const at::Tensor batch = at::empty({1 << 22}, at::kByte);
  Uploads uploads;
  std::vector<at::Tensor> arrived;
  for (int i = 0; i < 40; ++i) {
    work.copy_(at::mm(work, work).sigmoid());
    batch.fill_(i);
    arrived.push_back(uploads.to(batch, kGpu));
  }
  for (int i = 0; i < 40; ++i) {
    CHECK(arrived[i].min().item<int>() == i);
    CHECK(arrived[i].max().item<int>() == i);
  }
}

// Of a batch in plain memory and of one that is pinned: the second is copied, too.
TEST_CASE("a batch is sent while the GPU is at work, and nobody waits for it") {
  REQUIRE(accelerator() != nullptr);
  enter_device(kGpu);
  const at::Tensor work = at::rand({4096, 4096}, at::TensorOptions(kGpu));
  const at::Tensor plain = at::full({1 << 22}, 7, at::kByte);
  for (const at::Tensor& batch : {plain, plain.pin_memory()}) {
    CAPTURE(batch.is_pinned());
    Uploads uploads;
    // The first time memory is allotted and libraries are loaded, which may wait.
    uploads.to(batch, kGpu).sum().item();
    at::mm(work, work).sum().item();
    for (int i = 0; i < 100; ++i) work.copy_(at::mm(work, work).sigmoid());
    c10::Event done(kGpu.type());
    done.record(c10::impl::VirtualGuardImpl(kGpu.type()).getStream(kGpu));
    const at::Tensor arrived = uploads.to(batch, kGpu);
    CHECK_FALSE(done.query());
    batch.fill_(8);
    CHECK(arrived.min().item<int>() == 7);
    CHECK(arrived.max().item<int>() == 7);
    CHECK(done.query());
  }
}

TEST_CASE("every replay draws new numbers") {
  const auto pair = pair_by(all_rules()[0]);
  // Nothing learns, so the losses differ by the noise alone.
  pair->generator_optimizer = make_optimizer(adam(0), pair->generator->parameters());
  pair->discriminator_optimizer = make_optimizer(adam(0), pair->discriminator->parameters());
  Trainer trainer(pair, make_fused_step(pair));
  trainer.use(images(16), 16);
  std::set<double> losses;
  for (int i = 0; i < 20; ++i) {
    trainer.step();
    losses.insert(trainer.report().generator_loss);
  }
  CHECK(losses.size() == 20);
}

TEST_CASE("a step on the GPU is the step on the CPU, with plain descent and the same noise") {
  std::vector<std::vector<at::Tensor>> weights;
  for (const at::Device& device : {at::Device(at::kCPU), kGpu}) {
    const auto pair =
        pair_of(7, small_generator(5), small_discriminator(),
                {"nonSaturating", {{"labelSmoothing", 0.0}, {"discriminatorLoss", "mean"}}},
                ScoreKind::kProbability, at::kFloat, device);
    pair->generator_optimizer = make_optimizer(descent(0.01), pair->generator->parameters());
    pair->discriminator_optimizer =
        make_optimizer(descent(0.01), pair->discriminator->parameters());
    // The two devices draw differently, so nothing is drawn: of a latent of zeros.
    for (auto& parameter : pair->generator->parameters()) {
      if (parameter.dim() == 2) at::Tensor(parameter).detach().zero_();
    }
    const auto step = make_fused_step(pair);
    const at::Tensor reals = at::linspace(-1, 1, 16 * 64).view({16, 1, 8, 8}).to(device);
    step->run([&] { return Batch{reals, {}}; });
    weights.emplace_back();
    for (const at::Tensor& one : pair->discriminator->parameters()) {
      weights.back().push_back(one.detach().cpu());
    }
  }
  for (size_t i = 0; i < weights[0].size(); ++i)
    CHECK(distance(weights[1][i], weights[0][i]) < 1e-3);
}
