// Weights that stay as they are: nothing moves them, whatever carries a step out, and all others
// learn as they would beside them.
#include <cmath>

#include "core/optim/average.h"
#include "core/step/dense/dense_network.h"
#include "core/step/dense/dense_step.h"
#include "core/test/check.h"  // last: see there
#include "core/test/execution_recipes.h"

using namespace sparring;
using namespace sparring::test;

namespace {

constexpr double kClip = 0.02;

// What stays of a network's parameters, by their places.
using Stays = std::function<bool(size_t place, size_t count)>;

struct Pattern {
  std::string name;
  Stays generator, discriminator;
};

const Stays kNone = [](size_t, size_t) { return false; };
const Stays kAll = [](size_t, size_t) { return true; };
const Stays kFirst = [](size_t place, size_t count) { return place < count / 2; };
const Stays kLast = [](size_t place, size_t count) { return place >= count / 2; };
const Stays kEverySecond = [](size_t place, size_t) { return place % 2 == 0; };

std::vector<Pattern> patterns() {
  return {{"first of the discriminator", kNone, kFirst},
          {"first", kFirst, kFirst},
          {"last", kLast, kLast},
          {"every second", kEverySecond, kEverySecond},
          {"the discriminator", kNone, kAll},
          {"the generator", kAll, kNone},
          {"all", kAll, kAll}};
}

void freeze(Optimizer& optimizer, const Stays& stays) {
  const size_t count = optimizer.parameters().size();
  std::vector<bool> frozen;
  for (size_t place = 0; place < count; ++place) frozen.push_back(stays(place, count));
  optimizer.freeze(frozen);
}

std::shared_ptr<Pair> frozen_pair(const Recipe& recipe, const Pattern& pattern, Order order) {
  auto pair = pair_of(1, recipe.generator, recipe.discriminator, recipe.objective,
                      ScoreKind::kLogit, at::kDouble);
  for (const std::string& name : recipe.penalties) {
    add_penalty(*pair, {name, {{"weight", 2.0}, {"every", 2.0}, {"power", 6.0}, {"decay", 0.3}}});
  }
  pair->order = order;
  pair->discriminator_steps = 2;
  for (auto* optimizer : {&pair->generator_optimizer, &pair->discriminator_optimizer}) {
    *optimizer = make_optimizer(descent(0.01, 0.9, kClip), (*optimizer)->parameters());
  }
  freeze(*pair->generator_optimizer, pattern.generator);
  freeze(*pair->discriminator_optimizer, pattern.discriminator);
  return pair;
}

struct Trained {
  std::shared_ptr<Pair> pair;
  std::vector<at::Tensor> before;  // the parameters of both
  at::Tensor losses;

  std::vector<at::Tensor> parameters() const {
    std::vector<at::Tensor> all = pair->generator_optimizer->parameters();
    const auto& more = pair->discriminator_optimizer->parameters();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

Trained train(const Recipe& recipe, const Pattern& pattern, Order order, bool is_fused) {
  Trained trained{frozen_pair(recipe, pattern, order), {}, {}};
  for (const at::Tensor& one : trained.parameters()) {
    trained.before.push_back(one.detach().clone());
  }
  const auto step = is_fused ? make_fused_step(trained.pair) : make_eager_step(trained.pair);
  RandomStream data(9);
  std::vector<at::Tensor> losses;
  for (int i = 0; i < 3; ++i) {
    const Losses both = step->run([&] {
      const auto options = at::TensorOptions(at::kDouble);
      return Batch{at::rand({8, 1, 8, 8}, data.cpu(), options) * 2 - 1, {}};
    });
    losses.push_back(at::stack({both.generator.value, both.discriminator.value}));
  }
  trained.losses = at::cat(losses);
  return trained;
}

// Of networks that need no labels.
std::vector<Recipe> plain_recipes() {
  std::vector<Recipe> all = dense_recipes();
  for (const Recipe& recipe : recipes()) all.push_back(recipe);
  std::erase_if(all, [](const Recipe& one) {
    return one.is_conditional || !one.auxiliaries.empty() || !one.augmentations.empty() ||
           !one.transforms.empty();
  });
  return all;
}

void check_stays(const Trained& trained) {
  size_t at = 0;
  for (const Optimizer* one :
       {trained.pair->generator_optimizer.get(), trained.pair->discriminator_optimizer.get()}) {
    for (const at::Tensor& parameter : one->parameters()) {
      const auto is_it = [&](const at::Tensor& other) { return other.is_same(parameter); };
      const auto& learning = one->learning();
      const bool learns = std::any_of(learning.begin(), learning.end(), is_it);
      const bool stayed = at::equal(parameter, trained.before[at++]);
      // What learns may have no gradient: the bias before a normalisation.
      if (!learns) CHECK(stayed);
    }
    CHECK(one->counts().updates > 0);
  }
}

}  // namespace

TEST_CASE("frozen weights stay, and with them fused equals eager, whatever is trained: 1e-10") {
  int planned = 0, moved = 0;
  for (const Recipe& recipe : plain_recipes()) {
    for (const Pattern& pattern : patterns()) {
      for (const Order order : {Order::kGeneratorFirst, Order::kDiscriminatorFirst}) {
        CAPTURE(recipe.name);
        CAPTURE(pattern.name);
        const Trained eager = train(recipe, pattern, order, false);
        const Trained fused = train(recipe, pattern, order, true);
        planned += DenseStep::plan(fused.pair) != nullptr;
        CHECK(distance(fused.losses, eager.losses) < 1e-10);
        check_stays(eager);
        check_stays(fused);
        const std::vector<at::Tensor> found = fused.parameters(), expected = eager.parameters();
        for (size_t i = 0; i < found.size(); ++i) {
          CHECK(distance(found[i].detach(), expected[i].detach()) < 1e-10);
          moved += !at::equal(expected[i], eager.before[i]);
        }
      }
    }
  }
  CHECK(planned > 20);
  CHECK(moved > 500);
}

TEST_CASE(
    "frozen weights have the gradients of PyTorch's that require none: others the same bits") {
  const Recipe recipe = recipes().front();
  const Pattern pattern{"every second", kEverySecond, kEverySecond};
  const auto pair = frozen_pair(recipe, pattern, Order::kGeneratorFirst);
  const auto alone = frozen_pair(recipe, {"none", kNone, kNone}, Order::kGeneratorFirst);
  // Without clipping, whose norm is over all that learn, each gradient is what it is beside others.
  for (const auto& one : {pair, alone}) {
    for (auto* optimizer : {&one->generator_optimizer, &one->discriminator_optimizer}) {
      const bool stays = one == pair;
      *optimizer = make_optimizer(descent(0.01), (*optimizer)->parameters());
      if (stays) freeze(**optimizer, kEverySecond);
    }
  }
  RandomStream data(9);
  const at::Tensor images = at::rand({8, 1, 8, 8}, data.cpu(), at::kDouble) * 2 - 1;
  const auto next = [&] { return Batch{images, {}}; };
  make_eager_step(pair)->run(next);
  make_eager_step(alone)->run(next);
  const auto &found = pair->generator_optimizer->parameters(),
             &expected = alone->generator_optimizer->parameters();
  for (size_t i = 1; i < found.size(); i += 2) CHECK(at::equal(found[i], expected[i]));
}

TEST_CASE("frozen weights require no gradient within a step, and do so again after it") {
  for (const bool is_fused : {true, false}) {
    CAPTURE(is_fused);
    const auto pair = frozen_pair(recipes().front(), patterns().front(), Order::kGeneratorFirst);
    const at::Tensor weight = pair->discriminator_optimizer->frozen().front();
    bool required = true;
    hinder(*pair).between = [&] {
      required = weight.requires_grad();
      throw std::runtime_error("in between");
    };
    const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
    const auto next = [] { return Batch{at::zeros({8, 1, 8, 8}, at::kDouble), {}}; };
    CHECK_THROWS_WITH(step->run(next), "in between");
    CHECK_FALSE(required);
    CHECK(weight.requires_grad());
  }
}

TEST_CASE("a list of calls goes back no further than to the first layer that learns") {
  const auto pair = frozen_pair(dense_recipes().front(), patterns()[1], Order::kGeneratorFirst);
  const auto& learning = pair->discriminator_optimizer->learning();
  const auto network =
      DenseNetwork::plan(*pair->discriminator, /*takes_rows=*/false, product, learning);
  REQUIRE(network != nullptr);
  REQUIRE(learning.size() < pair->discriminator->parameters().size());
  Pass& pass = network->pass(4);
  const at::Tensor images = at::rand({4, 64}, at::kDouble);
  network->forward(pass, images);
  for (const Pass::Stage& stage : pass.stages) stage.gradient.fill_(std::nan(""));
  pass.output_gradient().fill_(1);
  network->backward(pass, DenseNetwork::Wanted::kWeights);
  CHECK(pass.stages.front().gradient.isnan().all().item<bool>());
  for (const at::Tensor& gradient : network->gradients()) {
    CHECK(gradient.isfinite().all().item<bool>());
  }
}

TEST_CASE("the norm that gradients are clipped by is that of those that learn") {
  const auto one = at::zeros({1}, at::kDouble), other = at::zeros({1}, at::kDouble);
  const auto optimizer = make_optimizer(descent(1, 0, 1), {one, other});
  optimizer->freeze({true, false});
  REQUIRE(optimizer->learning().size() == 1);
  optimizer->step_exact({at::full({1}, 4.0, at::kDouble)});
  CHECK(one.item<double>() == 0);
  CHECK(other.item<double>() == doctest::Approx(-1).epsilon(1e-5));
  CHECK(optimizer->counts().of_parameters == std::vector<int64_t>{0, 1});
}

TEST_CASE("the average of a frozen weight goes on towards it") {
  for (const bool exact : {true, false}) {
    CAPTURE(exact);
    const auto pair = small_pair(3, at::kDouble);
    const auto target = small_pair(4, at::kDouble)->generator;
    Average average(target, {0.5, 0});
    Optimizer& optimizer = *pair->generator_optimizer;
    freeze(optimizer, kAll);
    optimizer.lead(average.follows());
    const at::Tensor weight = pair->generator->parameters()[0];
    const at::Tensor before = target->parameters()[0].detach().clone();
    average.begin();
    if (exact) {
      optimizer.step_exact({});
    } else {
      optimizer.step_fused({});
    }
    average.end(*pair->generator);
    CHECK(distance(target->parameters()[0].detach(), (before + weight.detach()) / 2) < 1e-12);
  }
}
