// Which fakes each update of a step is on, and what happens after it.
#include "core/step/pass_streams.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

const std::vector<Layer> kGenerator = {linear("0", 5, 16), layer("tanh", "1"), linear("2", 16, 64),
                                       layer("unflatten", "3", {{"shape", Shape{1, 8, 8}}})};
const std::vector<Layer> kDiscriminator = {layer("flatten", "0"), linear("1", 64, 16),
                                           layer("leakyRelu", "2", {{"negativeSlope", 0.2}}),
                                           linear("3", 16, 1)};

struct Rules {
  Order order;
  bool shares_fakes;
  int64_t discriminator_steps = 1, generator_steps = 1;
};

std::shared_ptr<Pair> pair_by(const Rules& rules, const Choice& objective = {"hinge", {}}) {
  auto pair = pair_of(1, kGenerator, kDiscriminator, objective, ScoreKind::kLogit, at::kDouble);
  pair->order = rules.order;
  pair->shares_fakes = rules.shares_fakes;
  pair->discriminator_steps = rules.discriminator_steps;
  pair->generator_steps = rules.generator_steps;
  return pair;
}

at::Tensor some_images() { return at::rand({8, 1, 8, 8}, at::kDouble); }

// Keeps an average of the pair's generator.
std::shared_ptr<Network> keep_average(Pair& pair, const AverageOptions& options) {
  RandomStream stream(2);
  auto target = std::make_shared<Network>(kGenerator, at::kCPU, at::kDouble, stream);
  target->load(pair.generator->state());
  pair.average = std::make_unique<Average>(target, options);
  pair.generator_optimizer->lead(pair.average->follows());
  return target;
}

// The updates of a step, one by one.
class ByHand {
 public:
  explicit ByHand(std::shared_ptr<Pair> pair) : pair_(std::move(pair)) {}

  at::Tensor fakes() const {
    const auto noise =
        draw_latent(pair_->latent, 8, at::TensorOptions(at::kDouble), Rows(pair_->stream->cpu()));
    return pair_->generator->body().forward(noise.input(pair_->latent));
  }
  at::Tensor learn(const at::Tensor& reals, const at::Tensor& fakes) const {
    const Scores scores{judge(reals), judge(fakes.detach())};
    return update(*pair_->discriminator_optimizer, pair_->objective->discriminator_loss(scores));
  }
  at::Tensor generate(const at::Tensor& fakes) const {
    return update(*pair_->generator_optimizer,
                  pair_->objective->generator_loss({{}, judge(fakes)}));
  }

 private:
  at::Tensor judge(const at::Tensor& images) const {
    return pair_->discriminator->body().forward(images);
  }
  static at::Tensor update(Optimizer& optimizer, const at::Tensor& loss) {
    optimizer.step_exact(torch::autograd::grad({loss}, optimizer.parameters(), {}, true));
    return loss.detach();
  }

  std::shared_ptr<Pair> pair_;
};

void check_equal(const Network& ours, const Network& theirs) {
  const auto all = ours.parameters(), expected = theirs.parameters();
  for (size_t i = 0; i < all.size(); ++i) CHECK(at::equal(all[i], expected[i]));
}

void check_equal(const Pair& ours, const Pair& theirs) {
  check_equal(*ours.generator, *theirs.generator);
  check_equal(*ours.discriminator, *theirs.discriminator);
}

}  // namespace

TEST_CASE("both players learn from the same fakes, or each update draws noise of its own") {
  for (const Order order : {Order::kGeneratorFirst, Order::kDiscriminatorFirst}) {
    for (const bool shares : {true, false}) {
      const auto pair = pair_by({order, shares, 2, 3});
      RandomStream expected = *pair->stream->fork();
      make_eager_step(pair)->run([] { return Batch{some_images(), {}}; });
      const int draws = shares ? 4 : 5;
      for (int i = 0; i < draws; ++i) {
        at::randn({8, 5}, expected.cpu(), at::TensorOptions(kDrawn));
      }
      CHECK(expected.draw_seed() == pair->stream->draw_seed());
    }
  }
}

TEST_CASE("a generator that moves second learns first from the discriminator's last fakes") {
  for (const int64_t updates : {1, 3}) {
    const Rules rules{Order::kDiscriminatorFirst, true, 1, updates};
    const auto pair = pair_by(rules), other = pair_by(rules);
    const at::Tensor reals = some_images();
    const Losses losses = make_eager_step(pair)->run([&] { return Batch{reals, {}}; });
    const ByHand by_hand(other);
    const at::Tensor shared = by_hand.fakes();
    by_hand.learn(reals, shared);
    at::Tensor sum = by_hand.generate(shared);
    for (int64_t i = 1; i < updates; ++i) sum = sum + by_hand.generate(by_hand.fakes());
    check_equal(*pair, *other);
    CHECK(at::equal(losses.generator.value, sum / updates));
  }
}

TEST_CASE("a discriminator that moves second learns first from the generator's last fakes") {
  for (const int64_t updates : {1, 3}) {
    const Rules rules{Order::kGeneratorFirst, true, 1, updates};
    const auto pair = pair_by(rules), other = pair_by(rules);
    const at::Tensor reals = some_images();
    const Losses losses = make_eager_step(pair)->run([&] { return Batch{reals, {}}; });
    const ByHand by_hand(other);
    at::Tensor shared, sum = at::zeros({}, at::kDouble);
    for (int64_t i = 0; i < updates; ++i) {
      shared = by_hand.fakes();
      sum = sum + by_hand.generate(shared);
    }
    by_hand.learn(reals, shared);
    check_equal(*pair, *other);
    CHECK(at::equal(losses.generator.value, sum / updates));
  }
}

TEST_CASE("an average moves after each update of the generator, by that update's weight") {
  for (const Order order : {Order::kGeneratorFirst, Order::kDiscriminatorFirst}) {
    for (const bool is_fused : {true, false}) {
      const Rules rules{order, false, 1, 3};
      const auto pair = pair_by(rules), other = pair_by(rules);
      // The ramp gives each of them another weight.
      const AverageOptions options{0.99, 0.5};
      const auto average = keep_average(*pair, options), expected = keep_average(*other, options);
      const at::Tensor bytes = at::full({8, 1, 8, 8}, 100, at::kByte);
      Trainer trainer(pair, is_fused ? make_fused_step(pair) : make_eager_step(pair));
      trainer.use(std::make_shared<Dataset>(bytes, at::kCPU), 8);
      trainer.step();
      // All images are the same: in whatever order they come.
      Sampler::draw_epoch(*other->stream);
      const at::Tensor reals = at::full({8, 1, 8, 8}, 100.0 / 127.5 - 1, at::kDouble);
      const ByHand by_hand(other);
      if (order == Order::kDiscriminatorFirst) by_hand.learn(reals, by_hand.fakes());
      for (int i = 0; i < 3; ++i) {
        other->average->begin();
        by_hand.generate(by_hand.fakes());
        other->average->end(*other->generator);
      }
      CHECK(pair->average->updates() == 3);
      for (size_t i = 0; i < expected->parameters().size(); ++i) {
        CHECK(distance(average->parameters()[i], expected->parameters()[i]) < 1e-10);
      }
    }
  }
}

TEST_CASE("in parts, several updates of both are those of a whole batch: 1e-10") {
  for (const Choice& objective :
       {Choice{"wasserstein", {{"weightClip", 0.0}}},
        Choice{"relativisticAverage", {{"loss", "logistic"}}},
        Choice{"boundaryEquilibrium", {{"gamma", 0.7}, {"lambda", 0.5}}}, Choice{"softmax", {}}}) {
    for (const Rules& rules :
         {Rules{Order::kGeneratorFirst, true, 2, 2}, Rules{Order::kGeneratorFirst, false, 2, 2},
          Rules{Order::kDiscriminatorFirst, false, 2, 2}}) {
      std::vector<at::Tensor> outcomes;
      for (const int64_t parts : {1, 3}) {
        for (const bool is_fused : {false, true}) {
          const auto pair = pair_by(rules, objective);
          pair->accumulate = parts;
          pair->penalties.push_back(make_penalty({"wganGp", {{"weight", 2.0}, {"every", 1.0}}}));
          const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
          RandomStream data(9);
          for (int i = 0; i < 3; ++i) {
            step->run([&] {
              return Batch{at::rand({8, 1, 8, 8}, data.cpu(), at::TensorOptions(at::kDouble)), {}};
            });
          }
          std::vector<at::Tensor> all;
          for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
            for (const at::Tensor& one : network->parameters()) all.push_back(one.flatten());
          }
          outcomes.push_back(at::cat(all).detach());
        }
      }
      for (const at::Tensor& outcome : outcomes) CHECK(distance(outcome, outcomes[0]) < 1e-10);
    }
  }
}

// Before the parts of an objective that compares scores there is a survey of them all.
TEST_CASE("in parts, a batch with a survey is looked at as a whole one is: 1e-10") {
  const auto looked = [](int64_t parts, bool is_fused) {
    const auto pair =
        pair_by({Order::kGeneratorFirst, true}, {"relativisticAverage", {{"loss", "logistic"}}});
    pair->accumulate = parts;
    const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
    RandomStream data(9);
    const at::Tensor images = at::rand({8, 1, 8, 8}, data.cpu(), at::TensorOptions(at::kDouble));
    Watch watch;
    step->run([&] { return Batch{images, {}}; }, &watch);
    return watch;
  };
  const Watch whole = looked(1, false);
  for (const bool is_fused : {false, true}) {
    const Watch watch = looked(3, is_fused);
    for (at::Tensor Watch::* one :
         {&Watch::reals, &Watch::fakes, &Watch::real_scores, &Watch::fake_scores}) {
      REQUIRE((watch.*one).sizes() == (whole.*one).sizes());
      CHECK(distance(watch.*one, whole.*one) < 1e-10);
    }
  }
}

// A survey learns nothing: what it did to the running statistics is undone.
TEST_CASE("in parts, batch normalisation counts the passes of parts, and none of a survey") {
  const auto counted = [](int64_t parts, bool is_fused) {
    std::vector<Layer> discriminator = kDiscriminator;
    discriminator.insert(discriminator.begin(), batch_norm("norm", 1, 1e-5));
    const auto pair =
        pair_of(1, kGenerator, discriminator, {"relativisticAverage", {{"loss", "logistic"}}},
                ScoreKind::kLogit, at::kDouble);
    pair->accumulate = parts;
    const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
    step->run([] { return Batch{some_images(), {}}; });
    for (const at::Tensor& buffer : pair->discriminator->body().buffers()) {
      if (buffer.scalar_type() == at::kLong) return buffer.item<int64_t>();
    }
    return int64_t{0};
  };
  for (const bool is_fused : {false, true}) {
    const int64_t whole = counted(1, is_fused);
    REQUIRE(whole > 0);
    CHECK(counted(4, is_fused) == 4 * whole);
  }
}

TEST_CASE("in parts, layers draw in a survey what they draw after it: 1e-10") {
  std::vector<Layer> discriminator = kDiscriminator;
  discriminator.insert(discriminator.begin() + 1, layer("dropout", "drops", {{"p", 0.5}}));
  const auto pair =
      pair_of(1, kGenerator, discriminator, {"relativisticAverage", {{"loss", "logistic"}}},
              ScoreKind::kLogit, at::kDouble);
  pair->accumulate = 3;
  Watch watch;
  const Losses losses = make_eager_step(pair)->run([] { return Batch{some_images(), {}}; }, &watch);
  // Each part's loss is of the other parts' scores, too.
  const at::Tensor expected =
      pair->objective->discriminator_loss({watch.real_scores, watch.fake_scores});
  CHECK(distance(losses.discriminator.value, expected) < 1e-10);
}

TEST_CASE("a step that failed in its survey leaves nothing for one that has none: 1e-10") {
  const auto trained = [](bool fails) {
    const auto pair =
        pair_by({Order::kGeneratorFirst, true}, {"relativisticAverage", {{"loss", "logistic"}}});
    pair->accumulate = 3;
    const auto step = make_eager_step(pair);
    if (fails) {
      at::Tensor weight = pair->discriminator->parameters()[0];
      const at::Tensor kept = weight.detach().clone();
      weight.set_data(at::zeros({16, 3}, at::kDouble));
      CHECK_THROWS(step->run([] { return Batch{some_images(), {}}; }));
      weight.set_data(kept);
    }
    *pair->stream = RandomStream(5);
    const at::Tensor one = at::full({1, 1, 8, 8}, 0.5, at::kDouble);
    step->run([&] { return Batch{one, {}}; });
    std::vector<at::Tensor> all;
    for (const at::Tensor& weight : pair->discriminator->parameters()) {
      all.push_back(weight.detach().flatten());
    }
    return at::cat(all);
  };
  CHECK(distance(trained(true), trained(false)) < 1e-10);
}

TEST_CASE("what is told of penalties is the sum of those that were due: 1e-10") {
  const auto told = [](bool is_fused, const std::vector<std::string>& names) {
    const auto pair = pair_by({Order::kGeneratorFirst, true});
    for (const std::string& name : names) {
      add_penalty(*pair, {name, {{"weight", 2.0}, {"every", 1.0}}});
    }
    const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
    const at::Tensor images = at::full({8, 1, 8, 8}, 0.5, at::kDouble);
    return step->run([&] { return Batch{images, {}}; }).discriminator.penalty;
  };
  for (const bool is_fused : {false, true}) {
    const at::Tensor both = told(is_fused, {"r1", "wganGp"});
    CHECK(distance(both, told(is_fused, {"r1"}) + told(is_fused, {"wganGp"})) < 1e-10);
  }
}

TEST_CASE("each pass of each rank draws numbers of its own, and again where a step went back") {
  const RandomStream common(1);
  PassStreams first(0), second(1);
  const auto drawn = [&common](PassStreams& streams) {
    return at::rand({4}, streams.next(common).cpu(), at::TensorOptions(at::kDouble));
  };
  const std::vector<at::Tensor> all = {drawn(first), drawn(first), drawn(second), drawn(second)};
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t other = 0; other < i; ++other) CHECK_FALSE(at::equal(all[i], all[other]));
  }
  first.go_back(0);
  first.skip();
  CHECK(at::equal(drawn(first), all[1]));
  // As the step goes on, its stream does.
  RandomStream later(1);
  later.draw_seed();
  first.go_back(1);
  const at::Tensor of_later =
      at::rand({4}, first.next(later).cpu(), at::TensorOptions(at::kDouble));
  CHECK_FALSE(at::equal(of_later, all[1]));
}

// A generator that draws in its layers, whose passes come after those that fused execution saves:
// one pass of reals and fakes, and one look at fakes.
TEST_CASE("in parts and on ranks, layers draw the same numbers in both executions: 1e-10") {
  std::vector<Layer> generator = kGenerator;
  generator.insert(generator.begin() + 2, layer("dropout", "drops", {{"p", 0.5}}));
  std::vector<Layer> discriminator = kDiscriminator;
  discriminator[2] = layer("silu", "2");  // so that there is a graph, with a second derivative
  // Of 9 images each batch of 8 has one of a single image behind it, which makes no parts.
  int64_t size = 32;
  const auto trained = [&](bool is_fused, const std::string& penalty,
                           const std::shared_ptr<Group>& group) {
    const auto pair =
        pair_of(1, generator, discriminator, {"hinge", {}}, ScoreKind::kLogit, at::kDouble);
    pair->discriminator_steps = 3;
    if (!penalty.empty()) add_penalty(*pair, {penalty, {{"weight", 2.0}, {"every", 1.0}}});
    if (group) {
      pair->sharing = std::make_shared<Sharing>(group, 1);
    } else {
      pair->accumulate = 3;
    }
    Trainer trainer(pair, is_fused ? make_fused_step(pair) : make_eager_step(pair));
    RandomStream data(9);
    const at::Tensor images = at::randint(256, {size, 1, 8, 8}, data.cpu(), at::kByte);
    trainer.use(std::make_shared<Dataset>(images, at::kCPU), 8);
    for (int i = 0; i < 3; ++i) trainer.step();
    std::vector<at::Tensor> all;
    for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
      for (const at::Tensor& one : network->parameters()) all.push_back(one.detach().flatten());
    }
    return at::cat(all);
  };
  for (const auto& [penalty, images] :
       {std::pair<std::string, int64_t>{"", 32}, {"r1", 32}, {"", 9}, {"r1", 9}}) {
    CAPTURE(penalty);
    size = images;
    CAPTURE(size);
    CHECK(distance(trained(true, penalty, {}), trained(false, penalty, {})) < 1e-10);
    const auto errors = as_ranks(2, [&](const std::shared_ptr<Group>& group) {
      const at::Tensor fused = trained(true, penalty, group);
      if (distance(fused, trained(false, penalty, group)) < 1e-10) return;
      throw std::runtime_error("other numbers");
    });
    CHECK(errors == std::vector<std::string>(2));
  }
}
