// What only a GPU can show. Its own binary: run by scripts/gpu-check.sh, and only compiled
// elsewhere.
#include "core/runtime/cuda.h"

#include <set>
#include <utility>

#include "core/runtime/accelerator.h"
#include "core/runtime/available.h"
#include "core/step/autograd_step.h"
#include "core/step/captured_step.h"
#include "core/step/rewrites/norm_activation.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/drawn_training.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

const at::Device kGpu(at::kCUDA, 0);

// The rules of one game on the small pair.
struct Rules {
  const char* name;
  Choice objective;
  ScoreKind scores = ScoreKind::kProbability;
  std::vector<Choice> penalties;
  std::vector<std::string> augmentations;
  int64_t discriminator_steps = 1;
  Order order = Order::kGeneratorFirst;
  Choice schedule = {"constant", {}};
  Precision precision = Precision::kFloat32;
};

std::vector<Layer> critic() {
  return {conv("0", 1, 8, 3, 1, 2), layer("leakyRelu", "1", {{"negativeSlope", 0.2}}),
          layer("flatten", "2"), linear("3", 8 * 4 * 4, 1)};
}

std::vector<Rules> all_rules() {
  const Choice classic{"nonSaturating", {{"labelSmoothing", 0.0}}};
  const Choice wasserstein{"wasserstein", {{"weightClip", 0.0}}};
  const auto penalty = [](const char* type, double weight, double every) {
    return Choice{type, {{"weight", weight}, {"every", every}}};
  };
  const auto logit = ScoreKind::kLogit;
  return {
      {"the article's", classic},
      {"WGAN-GP, k = 3",
       wasserstein,
       logit,
       {penalty("wganGp", 10, 1)},
       {},
       3,
       Order::kDiscriminatorFirst},
      {"lazy R1, every 4", classic, logit, {penalty("r1", 10, 4)}},
      {"DiffAugment", classic, logit, {}, {"color", "translation", "cutout"}},
      {"a falling rate",
       classic,
       logit,
       {},
       {},
       1,
       Order::kGeneratorFirst,
       {"linear", {{"to", 0.0}, {"steps", 100.0}}}},
      {"bfloat16",
       classic,
       logit,
       {},
       {},
       1,
       Order::kGeneratorFirst,
       {"constant", {}},
       Precision::kBfloat16},
      {"TF32",
       classic,
       logit,
       {},
       {},
       1,
       Order::kGeneratorFirst,
       {"constant", {}},
       Precision::kTf32},
  };
}

std::shared_ptr<Pair> pair_by(const Rules& rules) {
  auto pair = pair_of(7, small_generator(5),
                      rules.scores == ScoreKind::kLogit ? critic() : small_discriminator(),
                      rules.objective, rules.scores, at::kFloat, kGpu);
  for (const Choice& penalty : rules.penalties) pair->penalties.push_back(make_penalty(penalty));
  pair->augmentations = make_augmentations(rules.augmentations);
  pair->discriminator_steps = rules.discriminator_steps;
  pair->order = rules.order;
  pair->precision = rules.precision;
  OptimizerChoice optimizer = adam(2e-4);
  if (rules.discriminator_steps == 1) optimizer.schedule = rules.schedule;
  pair->generator_optimizer = make_optimizer(optimizer, pair->generator->parameters());
  pair->discriminator_optimizer = make_optimizer(optimizer, pair->discriminator->parameters());
  // Its weight changes at every step of these: the ramp lasts longer.
  RandomStream stream(8);
  pair->average = std::make_unique<Average>(
      std::make_shared<Network>(small_generator(5), kGpu, at::kFloat, stream),
      AverageOptions{0.99, 0.05});
  pair->generator_optimizer->lead(pair->average->follows());
  return pair;
}

std::shared_ptr<const Dataset> images(int64_t count) {
  const at::Tensor bytes = at::randint(256, {count, 1, 8, 8}, at::kLong).to(at::kByte);
  return std::make_shared<Dataset>(bytes, kGpu);
}

// Losses after every step, and the weights after the last.
struct Trajectory {
  std::vector<double> losses;
  std::vector<at::Tensor> weights;
};

Trajectory train(const Rules& rules, bool captured, const std::shared_ptr<const Dataset>& data,
                 int64_t steps) {
  const auto pair = pair_by(rules);
  std::unique_ptr<Step> step =
      captured ? make_fused_step(pair) : std::make_unique<AutogradStep>(pair, make_fused(pair));
  if (captured) REQUIRE(step->explain().kind == "replayed");
  Trainer trainer(pair, std::move(step));
  trainer.use(data, 16);
  Trajectory out;
  for (int64_t i = 0; i < steps; ++i) {
    trainer.step();
    const Report report = trainer.report();
    out.losses.push_back(report.generator_loss);
    out.losses.push_back(report.discriminator_loss);
  }
  // Still replayed: nothing in it was refused by the capture.
  if (captured) CHECK(trainer.explain().kind == "replayed");
  for (const Network* const network :
       {pair->generator.get(), pair->discriminator.get(), &pair->average->network()}) {
    for (const auto& [name, tensor] : network->state()) out.weights.push_back(tensor.cpu());
  }
  return out;
}

// The output, and the gradients for the input, the factors and the shifts.
using Normalised = std::vector<at::Tensor>;

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
  const at::Tensor gradient = draw(sizes, type);
  const at::Tensor output =
      by_libtorch
          ? at::leaky_relu(at::batch_norm(x, weight, shift, {}, {}, true, 0.1, 1e-5, false), 0.2)
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

TEST_CASE("its own kernels normalise and bend as libtorch does, both ways") {
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

TEST_CASE("its own kernels update as libtorch's do, and take the average along") {
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

TEST_CASE("replays are what they were after another trainer and its recordings are gone") {
  const auto data = images(16);
  const Trajectory plain = train(all_rules()[0], false, data, 20);
  const auto make = [&](std::shared_ptr<const Pair> pair) {
    auto trainer = std::make_unique<Trainer>(pair, make_fused_step(pair));
    trainer->use(data, 16);
    return trainer;
  };
  auto first = make(pair_by(all_rules()[1])), second = make(pair_by(all_rules()[0]));
  for (int i = 0; i < 5; ++i) first->step();
  std::vector<at::Tensor> others;
  for (size_t i = 0; i < plain.losses.size(); i += 2) {
    CAPTURE(i);
    if (i == 12) {
      first.reset();
      accelerator()->trim(kGpu);
      // Whoever gets what was given back must not find it written to.
      for (int64_t bytes = 1 << 12; bytes <= 1 << 26; bytes *= 2) {
        others.push_back(at::zeros({bytes}, at::TensorOptions(kGpu).dtype(at::kByte)));
      }
    }
    second->step();
    CHECK(std::abs(second->report().generator_loss - plain.losses[i]) < 1e-3);
  }
  CHECK(second->explain().kind == "replayed");
  for (const at::Tensor& other : others) CHECK(other.count_nonzero().item<int64_t>() == 0);
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
    const auto pair = pair_of(7, small_generator(5), small_discriminator(),
                              {"nonSaturating", {{"labelSmoothing", 0.0}}}, ScoreKind::kProbability,
                              at::kFloat, device);
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

TEST_CASE("what libtorch keeps for reuse is available: a second run is not refused for the first") {
  const int64_t before = available_memory(kGpu);
  const int64_t bytes = before / 2;
  at::empty({bytes}, at::TensorOptions(kGpu).dtype(at::kByte));
  const DeviceMemory memory = accelerator()->memory(kGpu);
  CHECK(memory.spare >= bytes);
  CHECK(memory.free < before - bytes / 2);
  // Others may have a GPU too, and libtorch rounds.
  CHECK(available_memory(kGpu) > before - bytes / 8);
  accelerator()->trim(kGpu);
  CHECK(accelerator()->memory(kGpu).free > before - bytes / 8);
}

TEST_CASE("a step without memory for its recording goes on as it is, others are recorded") {
  const auto pair = pair_by(all_rules()[0]);
  Hindered& objective = hinder(*pair);
  Trainer trainer(pair, make_fused_step(pair));
  trainer.use(images(16), 16);
  for (int i = 0; i < 3; ++i) trainer.step();
  const int64_t all = accelerator()->memory(kGpu).total;
  bool once = true;
  objective.between = [&] {
    if (std::exchange(once, false)) at::empty({2 * all}, at::TensorOptions(kGpu).dtype(at::kByte));
  };
  for (int i = 0; i < 5; ++i) trainer.step();
  CHECK(std::isfinite(trainer.report().generator_loss));
  CHECK(trainer.explain().kind == "rewritten");
  trainer.use(images(8), 8);
  for (int i = 0; i < 6; ++i) trainer.step();
  CHECK(std::isfinite(trainer.report().generator_loss));
  CHECK(trainer.explain().kind == "replayed");
}

// To read a number is what no recording can do.
TEST_CASE("after a recording that CUDA broke off training goes on as if nobody had tried") {
  const auto data = images(70);
  const Trajectory plain = train(all_rules()[0], false, data, 12);
  const auto pair = pair_by(all_rules()[0]);
  Hindered& objective = hinder(*pair);
  Trainer trainer(pair, make_fused_step(pair));
  trainer.use(data, 16);
  int steps = 0;
  const at::Tensor number = at::ones({}, at::TensorOptions(kGpu));
  objective.between = [&] {
    if (++steps == 4) number.item<float>();
  };
  for (size_t i = 0; i < plain.losses.size(); i += 2) {
    CAPTURE(i);
    trainer.step();
    CHECK(std::abs(trainer.report().generator_loss - plain.losses[i]) < 1e-3);
  }
  CHECK(trainer.explain().kind == "rewritten");
}

TEST_CASE("out of memory is an error, and a smaller batch trains afterwards") {
  const auto pair = pair_by(all_rules()[0]);
  Trainer trainer(pair, make_fused_step(pair));
  const int64_t free = accelerator()->memory(kGpu).free;
  CHECK_THROWS(at::empty({2 * free}, at::TensorOptions(kGpu).dtype(at::kByte)));
  accelerator()->trim(kGpu);
  trainer.use(images(64), 16);
  for (int i = 0; i < 6; ++i) trainer.step();
  CHECK(std::isfinite(trainer.report().generator_loss));
}
