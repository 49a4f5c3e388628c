// A dense step has buffers for each size of batch, and keeps those of the last few.
#include "core/step/dense/dense_step.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

std::vector<Layer> mlp(double in, double out, bool is_normed) {
  std::vector<Layer> layers = {linear("1", in, 24)};
  if (is_normed) layers.push_back(batch_norm("2", 24, 1e-5));
  layers.push_back(layer("leakyRelu", "3", {{"negativeSlope", 0.2}}));
  layers.push_back(linear("4", 24, out));
  return layers;
}

std::shared_ptr<Pair> pair_by(Order order, bool is_normed) {
  std::vector<Layer> generator = mlp(5, 64, is_normed), discriminator = mlp(64, 1, is_normed);
  generator.push_back(layer("unflatten", "5", {{"shape", Shape{1, 8, 8}}}));
  discriminator.insert(discriminator.begin(), layer("flatten", "0"));
  auto pair = pair_of(1, generator, discriminator, {"hinge", {}}, ScoreKind::kLogit, at::kDouble);
  // A penalty's second derivative knows no normalisation.
  for (const char* name : {"r1", "wganGp", "dragan", "r2"}) {
    if (is_normed) break;
    pair->penalties.push_back(make_penalty({name, {{"weight", 0.1}, {"every", 2.0}}}));
  }
  pair->order = order;
  pair->shares_fakes = order == Order::kGeneratorFirst;
  pair->discriminator_steps = 2;
  pair->generator_steps = 2;
  return pair;
}

Step::Source one_by_one(const std::vector<Batch>& batches) {
  return [&batches, next = size_t{0}]() mutable { return batches[next++]; };
}

}  // namespace

TEST_CASE("a dense step equals an eager one while sizes of batches come and go: 1e-10") {
  for (const Order order : {Order::kGeneratorFirst, Order::kDiscriminatorFirst}) {
    for (const bool is_normed : {false, true}) {
      CAPTURE(is_normed);
      const auto planned = pair_by(order, is_normed), plain = pair_by(order, is_normed);
      const std::unique_ptr<Step> dense = DenseStep::plan(planned);
      REQUIRE(dense != nullptr);
      const auto eager = make_eager_step(plain);
      RandomStream data(3);
      for (const int64_t rows : {8, 5, 9, 33, 6, 64, 12, 8, 16, 7, 100, 8}) {
        CAPTURE(rows);
        std::vector<Batch> batches;
        for (int i = 0; i < 2; ++i) {
          batches.push_back(
              {at::rand({rows, 1, 8, 8}, data.cpu(), at::TensorOptions(at::kDouble)) * 2 - 1, {}});
        }
        const Losses received = dense->run(one_by_one(batches));
        const Losses expected = eager->run(one_by_one(batches));
        CHECK(distance(received.generator.value, expected.generator.value) < 1e-10);
        CHECK(distance(received.discriminator.value, expected.discriminator.value) < 1e-10);
      }
    }
  }
}

TEST_CASE("buffers of sizes that came and went are dropped") {
  RandomStream stream(0);
  Network network({linear("0", 4, 3)}, at::kCPU, at::kDouble, stream);
  const auto dense =
      DenseNetwork::plan(network, /*takes_rows=*/true, product, network.parameters());
  REQUIRE(dense != nullptr);
  const at::Tensor first = dense->pass(1).output();
  // Whole batches and the last of an epoch, each in several passes at a time.
  for (int64_t rows = 2; rows < 7; ++rows) {
    dense->make_room();
    CHECK(first.use_count() > 1);
    dense->pass(rows);
  }
  dense->make_room();
  CHECK(first.use_count() == 1);
}
