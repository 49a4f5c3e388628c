#include <ATen/Parallel.h>

#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "core/distributed/connection.h"
#include "core/distributed/sharing.h"
#include "core/error.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// No layer of it couples samples.
std::vector<Layer> dense_generator() {
  return {linear("0", 5, 24), layer("leakyRelu", "1", {{"negativeSlope", 0.2}}),
          linear("2", 24, 64), layer("tanh", "3"),
          layer("unflatten", "4", {{"shape", Shape{1, 8, 8}}})};
}

std::vector<Layer> conv_generator() {
  return {linear("0", 5, 4 * 4 * 4),
          layer("unflatten", "1", {{"shape", Shape{4, 4, 4}}}),
          layer("leakyRelu", "2", {{"negativeSlope", 0.2}}),
          upsample("3", 2),
          conv("4", 4, 1, 3, 1),
          layer("tanh", "5")};
}

// `is_spectral`: each pass turns vectors of its first layer.
std::vector<Layer> dense_discriminator(bool is_spectral) {
  const Layer first = linear("1", 64, 16);
  const Options options{{"nPowerIterations", 1.0}, {"eps", 1e-12}};
  return {layer("flatten", "0"), is_spectral ? layer("spectralNorm", "1", options, {first}) : first,
          layer("leakyRelu", "2", {{"negativeSlope", 0.2}}), linear("3", 16, 1)};
}

// With batch normalisation; the article's generator has it, too.
std::vector<Layer> normed_conv_discriminator() {
  return {conv("0", 1, 6, 3, 1, 2), batch_norm("1", 6, 1e-5),
          layer("leakyRelu", "2", {{"negativeSlope", 0.2}}), layer("flatten", "3"),
          linear("4", 6 * 4 * 4, 1)};
}

std::vector<Layer> normed_dense_generator() {
  std::vector<Layer> layers = dense_generator();
  layers.insert(layers.begin() + 1, batch_norm("norm", 24, 0.8));
  return layers;
}

std::vector<Layer> normed_dense_discriminator() {
  std::vector<Layer> layers = dense_discriminator(/*is_spectral=*/false);
  layers.insert(layers.begin() + 2, batch_norm("norm", 16, 0.1));
  return layers;
}

struct Game {
  const char* name;
  Choice objective;
  std::vector<Choice> penalties;
  bool is_fused = true, is_conv = false;
  int64_t updates = 1;
  Order order = Order::kGeneratorFirst;
  std::vector<std::string> augmentations = {};
  bool is_spectral = false;
  bool is_normed = false;
  bool shares_fakes = true;
  bool flips = false;
  int64_t generator_updates = 1;
  bool adapts = false;
  bool is_styled = false;
};

Choice penalty(const char* type, double every = 1) {
  return {type, {{"weight", 2.0}, {"every", every}, {"decay", 0.3}}};
}

// Its noise comes before the mapping alone: all ranks and parts draw that of the whole batch.
std::vector<Layer> quiet_styled_generator() {
  return {styled(
      "0", 5,
      {modulated("0", 5, 4, 6, 3, true, true), layer("leakyRelu", "1", {{"negativeSlope", 0.2}}),
       modulated("2", 5, 6, 1, 3, true, false)})};
}

std::pair<std::vector<Layer>, std::vector<Layer>> networks_of(const Game& game) {
  if (game.is_styled) return {quiet_styled_generator(), dense_discriminator(false)};
  if (game.is_normed && game.is_conv) return {small_generator(5), normed_conv_discriminator()};
  if (game.is_normed) return {normed_dense_generator(), normed_dense_discriminator()};
  return {game.is_conv ? conv_generator() : dense_generator(),
          dense_discriminator(game.is_spectral)};
}

std::shared_ptr<Pair> pair_for(const Game& game, const std::shared_ptr<Group>& group,
                               int64_t accumulate) {
  const auto [generator, discriminator] = networks_of(game);
  auto pair = pair_of(3, generator, discriminator, game.objective, ScoreKind::kLogit, at::kFloat);
  for (const Choice& one : game.penalties) add_penalty(*pair, one);
  pair->generator_optimizer =
      make_optimizer(descent(0.02, 0.9, 0.5), pair->generator->parameters());
  pair->discriminator_optimizer =
      make_optimizer(descent(0.02, 0.9, 0.5), pair->discriminator->parameters());
  pair->discriminator_steps = game.updates;
  pair->generator_steps = game.generator_updates;
  pair->order = game.order;
  pair->shares_fakes = game.shares_fakes;
  pair->augmentations = make_augmentations(game.augmentations);
  if (game.adapts) {
    AdaOptions ada{{1, 8, 8}, {"blit", "geometry", "color"}};
    ada.thousands = 0.1;
    pair->ada = std::make_unique<Ada>(ada, at::TensorOptions(at::kFloat));
  }
  pair->accumulate = accumulate;
  if (group) pair->sharing = std::make_shared<Sharing>(group, 1, game.is_normed);
  return pair;
}

std::shared_ptr<const Dataset> images(int64_t count = 22) {
  RandomStream stream(8);
  return std::make_shared<Dataset>(
      at::randint(256, {count, 1, 8, 8}, stream.cpu(), at::TensorOptions(at::kByte)), at::kCPU);
}

at::Tensor weights_of(const Pair& pair) {
  std::vector<at::Tensor> all;
  for (const Network* network : {pair.generator.get(), pair.discriminator.get()}) {
    for (const auto& [name, tensor] : network->state()) {
      // Counts of batches would make everything else small beside them.
      if (tensor.is_floating_point()) all.push_back(tensor.detach().flatten());
    }
  }
  return at::cat(all);
}

struct Outcome {
  at::Tensor weights;
  Report report;
};

// 50 steps on batches of 8; the last of an epoch has 6.
Outcome train(const Game& game, const std::shared_ptr<Group>& group, int64_t accumulate = 1) {
  at::set_num_threads(1);
  const auto pair = pair_for(game, group, accumulate);
  Trainer trainer(pair, game.is_fused ? make_fused_step(pair) : make_eager_step(pair));
  trainer.use(images(), 8);
  trainer.flip(game.flips);
  for (int step = 0; step < 50; ++step) trainer.step(/*watched=*/step == 49);
  if (group) trainer.check_equal();
  return {weights_of(*pair), trainer.report()};
}

// To float32 rounding after 50 steps.
void check_alike(const Outcome& one, const Outcome& other) {
  CHECK(distance(one.weights, other.weights) < 2e-5);
  CHECK(one.report.images == other.report.images);
  CHECK(one.report.generator_loss == doctest::Approx(other.report.generator_loss).epsilon(1e-4));
  CHECK(one.report.discriminator_loss ==
        doctest::Approx(other.report.discriminator_loss).epsilon(1e-4));
}

std::vector<Game> games(bool is_fused) {
  const Options smooth{{"labelSmoothing", 0.1}, {"discriminatorLoss", "mean"}};
  const Options clip{{"weightClip", 0.05}};
  std::vector<Game> all;
  const auto add = [&](const char* name, Choice objective, std::vector<Choice> penalties = {}) {
    all.push_back({name, std::move(objective), std::move(penalties), is_fused});
  };
  add("minimax", {"minimax", smooth});
  add("nonSaturating", {"nonSaturating", smooth});
  add("leastSquares", {"leastSquares", smooth});
  add("hinge", {"hinge", {}});
  add("formula", {"formula",
                  {{"generator", std::string("real mean fake subtract softplus")},
                   {"ofPairs", std::string("fake mean real subtract softplus fake exp add")},
                   {"ofReals", std::string()},
                   {"ofFakes", std::string()}}});
  add("wasserstein", {"wasserstein", clip});
  add("fDivergence", {"fDivergence", {{"divergence", std::string("kl")}}});
  add("relativisticPaired", {"relativisticPaired", {}});
  add("relativisticAverage", {"relativisticAverage", {{"loss", std::string("logistic")}}});
  add("RaLSGAN", {"relativisticAverage", {{"loss", std::string("leastSquares")}}});
  add("energyBased", {"energyBased", {{"margin", 0.5}}});
  add("boundaryEquilibrium", {"boundaryEquilibrium", {{"gamma", 0.7}, {"lambda", 0.5}}});
  add("softmax", {"softmax", {}});
  add("WGAN-GP", {"wasserstein", {{"weightClip", 0.0}}}, {penalty("wganGp")});
  add("DRAGAN", {"nonSaturating", smooth}, {penalty("dragan")});
  add("R1 and R2", {"relativisticPaired", {}}, {penalty("r1", 4), penalty("r2")});
  all.push_back({"k = 3", {"hinge", {}}, {}, is_fused, false, 3});
  all.push_back(
      {"Algorithm 1", {"minimax", smooth}, {}, is_fused, false, 2, Order::kDiscriminatorFirst});
  all.back().shares_fakes = false;
  all.push_back({"shared fakes", {"hinge", {}}, {}, is_fused, false, 2});
  all.back().order = Order::kDiscriminatorFirst;
  all.push_back({"fresh fakes", {"hinge", {}}, {}, is_fused, false, 2});
  all.back().shares_fakes = false;
  all.push_back({"two of each", {"hinge", {}}, {penalty("r1", 2)}, is_fused, false, 2});
  all.back().generator_updates = 2;
  all.push_back({"DiffAugment",
                 {"hinge", {}},
                 {},
                 is_fused,
                 true,
                 1,
                 Order::kGeneratorFirst,
                 {"color", "translation", "cutout"}});
  all.push_back({"ADA", {"hinge", {}}, {penalty("r1", 2)}, is_fused, true, 2});
  all.back().adapts = true;
  all.push_back({"path lengths",
                 {"hinge", {}},
                 {penalty("pathLength", 2), penalty("r1", 2)},
                 is_fused,
                 true});
  all.back().is_styled = true;
  all.push_back({"path lengths, two of each",
                 {"relativisticAverage", {{"loss", std::string("logistic")}}},
                 {penalty("pathLength", 3)},
                 is_fused,
                 true,
                 2});
  all.back().is_styled = true;
  all.back().generator_updates = 2;
  all.back().shares_fakes = false;
  all.push_back({"mirrored", {"hinge", {}}, {}, is_fused, true, 2});
  all.back().flips = true;
  all.push_back({"convolutions", {"nonSaturating", smooth}, {penalty("r1", 2)}, is_fused, true});
  all.push_back({"spectral", {"hinge", {}}, {}, is_fused});
  all.back().is_spectral = true;
  for (const bool shares : {true, false}) {
    all.push_back(
        {"styles", {"relativisticAverage", {{"loss", std::string("logistic")}}}, {}, is_fused});
    all.back().is_styled = true;
    all.back().shares_fakes = shares;
    all.back().generator_updates = 2;
  }
  for (const bool is_conv : {true, false}) {
    all.push_back({"BatchNorm", {"hinge", {}}, {}, is_fused, is_conv, 2});
    all.back().is_normed = true;
  }
  return all;
}

// What each rank of a group makes of each game: [rank][game]. In one group, as ranks need longer to
// meet than to play.
std::vector<std::vector<Outcome>> play(const std::vector<Game>& all, int64_t ranks,
                                       int64_t accumulate = 1) {
  std::vector<std::vector<Outcome>> outcomes(static_cast<size_t>(ranks));
  const auto errors = as_ranks(ranks, [&](const std::shared_ptr<Group>& group) {
    auto& own = outcomes[static_cast<size_t>(group->rank())];
    for (const Game& game : all) own.push_back(train(game, group, accumulate));
  });
  REQUIRE(errors == std::vector<std::string>(static_cast<size_t>(ranks)));
  return outcomes;
}

void check_ranks(bool is_fused) {
  const std::vector<Game> all = games(is_fused);
  std::vector<Outcome> alone;
  for (const Game& game : all) {
    CAPTURE(game.name);
    alone.push_back(train(game, nullptr));
    CHECK(alone.back().weights.isfinite().all().item<bool>());
  }
  for (const int64_t ranks : {2, 3, 4}) {
    const auto outcomes = play(all, ranks);
    for (size_t i = 0; i < all.size(); ++i) {
      CAPTURE(all[i].name);
      for (const auto& own : outcomes) {
        CHECK(at::equal(own[i].weights, outcomes[0][i].weights));
        check_alike(own[i], alone[i]);
      }
    }
  }
}

void check_parts(bool is_fused) {
  std::vector<Game> all = games(is_fused);
  std::erase_if(all, [](const Game& game) {
    // By the part, not by the batch.
    if (game.is_normed) return true;
    // lib/ refuses it: the graph of the whole batch's fakes would have to wait.
    return game.order == Order::kDiscriminatorFirst && game.shares_fakes;
  });
  const auto of_two = play(all, 2, /*accumulate=*/2);
  for (size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].name);
    const Outcome whole = train(all[i], nullptr);
    std::vector<Outcome> outcomes;
    for (const int64_t parts : {3, 100}) outcomes.push_back(train(all[i], nullptr, parts));
    for (const auto& own : of_two) outcomes.push_back(own[i]);
    for (const Outcome& one : outcomes) check_alike(one, whole);
    CHECK(outcomes[0].report.health->diversity.value() ==
          doctest::Approx(whole.report.health->diversity.value()).epsilon(1e-3));
    CHECK(outcomes[0].report.health->generator_gradient ==
          doctest::Approx(whole.report.health->generator_gradient).epsilon(1e-3));
  }
}

}  // namespace

TEST_CASE("ranks that an agent starts anew meet in the store that they had met in before") {
  c10d::TCPStoreOptions agent;
  agent.port = free_port();
  agent.isServer = true;
  agent.waitWorkers = false;
  agent.useLibUV = false;
  const auto kept = c10::make_intrusive<c10d::TCPStore>("127.0.0.1", agent);
  const Meeting meeting{"127.0.0.1", agent.port, true, "test"};
  const auto come = [&](int64_t rank, int64_t delay, std::string& told) {
    return std::thread([&meeting, &told, rank, delay] {
      std::this_thread::sleep_for(std::chrono::milliseconds(delay));
      try {
        const GroupOptions options{rank, 3, std::chrono::seconds(20), {}, {}};
        told = Group::join(meeting, options)->gather(std::to_string(rank)).back();
      } catch (const std::exception& error) {
        told = error.what();
      }
    });
  };
  // Whoever comes before rank 0 finds what the last meeting left; of the second one rank 2 is new,
  // as if it had failed before it came to the first.
  for (const std::vector<int64_t>& delays : {std::vector<int64_t>{0, 50, 100}, {300, 0, 100}}) {
    std::vector<std::string> told(3);
    std::vector<std::thread> ranks;
    for (int64_t rank = 0; rank < 3; ++rank) {
      ranks.push_back(
          come(rank, delays[static_cast<size_t>(rank)], told[static_cast<size_t>(rank)]));
    }
    for (std::thread& rank : ranks) rank.join();
    CHECK(told == std::vector<std::string>(3, "2"));
    for (const char* one : {"place/2", "hello/2", "begun"}) {
      kept->deleteKey(std::string("test/1/") + one);
    }
  }
}

TEST_CASE("each row of a batch belongs to one rank, and shares differ by a row at most") {
  for (const int64_t ranks : {1, 2, 3, 4, 7}) {
    for (const int64_t fewest : {1, 2}) {
      for (int64_t total = 1; total < 40; ++total) {
        int64_t next = 0;
        double weight = 0;
        for (int64_t rank = 0; rank < ranks; ++rank) {
          const Share share = share_of(total, rank, ranks, fewest);
          weight += share.weight;
          if (total < ranks * fewest) {
            CHECK(share.rows == total);
            next = total;
          } else {
            CHECK(share.start == next);
            CHECK(share.rows >= std::max(fewest, total / ranks));
            CHECK(share.rows <= total / ranks + 1);
            next += share.rows;
          }
        }
        CHECK(next == total);
        CHECK(weight == doctest::Approx(1));
      }
    }
  }
}

// By execution, as these take longest of all: processes share the tests.
TEST_CASE("fused, 2, 3 and 4 ranks train as one: to float32 rounding after 50 steps") {
  check_ranks(/*is_fused=*/true);
}

TEST_CASE("eager, 2, 3 and 4 ranks train as one: to float32 rounding after 50 steps") {
  check_ranks(/*is_fused=*/false);
}

TEST_CASE("each row of a rank belongs to one part, and no part has fewer rows than it needs") {
  for (const int64_t ranks : {1, 2, 3}) {
    for (const int64_t fewest : {1, 2}) {
      for (int64_t total = 1; total < 40; ++total) {
        int64_t parts = 0;
        for (int64_t rank = 0; rank < ranks; ++rank) {
          const Share own = share_of(total, rank, ranks, fewest);
          const int64_t found = parts_of(own, ranks, 4, fewest);
          // The ranks sum something in each part: they have to have equally many.
          if (rank > 0) CHECK(found == parts);
          parts = found;
          int64_t next = own.start;
          double weight = 0;
          for (int64_t i = 0; i < parts; ++i) {
            const Share part = part_of(own, i, parts);
            CHECK(part.start == next);
            CHECK((parts == 1 || part.rows >= fewest));
            next += part.rows;
            weight += part.weight;
          }
          CHECK(next == own.start + own.rows);
          CHECK(weight == doctest::Approx(1));
        }
      }
    }
  }
}

TEST_CASE("fused, a batch in parts trains as the whole does, on one rank and on two") {
  check_parts(/*is_fused=*/true);
}

TEST_CASE("eager, a batch in parts trains as the whole does, on one rank and on two") {
  check_parts(/*is_fused=*/false);
}

TEST_CASE("a backend that cannot even be given up, as on a GPU that failed, throws nothing there") {
  struct Broken : c10d::Backend {
    Broken() : Backend(0, 1) {}
    void abort() override { TORCH_CHECK(false, "CUDA error: an illegal memory access"); }
  };
  const auto broken = c10::make_intrusive<Broken>();
  CHECK_NOTHROW(give_up(broken.get()));
  CHECK_NOTHROW(give_up(nullptr));
}
