// Gradients go to the other ranks while the backward pass that made them goes on.
#include <ATen/Parallel.h>

#include "core/distributed/sharing.h"
#include "core/step/dense/dense_network.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

using Places = std::vector<size_t>;

const std::vector<std::string> kFine(2);
// More than a bucket holds.
constexpr int64_t kMany = int64_t{3} << 20;

std::vector<at::Tensor> parameters() {
  return {at::zeros({10}), at::zeros({20, 30}), at::zeros({kMany}), at::zeros({4})};
}

at::Tensor gradient_of(int64_t rank, const at::Tensor& like, double value) {
  return at::full_like(like, value * static_cast<double>(rank + 1));
}

// A batch of 6 is 3 rows for each of two ranks: what each has counts half.
std::shared_ptr<Sharing> sharing_of(const std::shared_ptr<Group>& group) {
  auto sharing = std::make_shared<Sharing>(group, 1);
  sharing->divide(6);
  return sharing;
}

std::vector<Layer> wide_discriminator() {
  return {layer("flatten", "0"),
          linear("1", 64, 1500),
          layer("leakyRelu", "2", {{"negativeSlope", 0.2}}),
          linear("3", 1500, 1500),
          layer("leakyRelu", "4", {{"negativeSlope", 0.2}}),
          linear("5", 1500, 1)};
}

std::vector<Layer> wide_generator() {
  return {linear("0", 5, 1500), batch_norm("1", 1500, 0.8),
          layer("leakyRelu", "2", {{"negativeSlope", 0.2}}), linear("3", 1500, 64),
          layer("unflatten", "4", {{"shape", Shape{1, 8, 8}}})};
}

at::Tensor trained(bool is_fused, const std::shared_ptr<Group>& group) {
  at::set_num_threads(1);
  auto pair = pair_of(3, wide_generator(), wide_discriminator(), {"hinge", {}}, ScoreKind::kLogit,
                      at::kFloat);
  pair->generator_optimizer = make_optimizer(descent(0.02), pair->generator->parameters());
  pair->discriminator_optimizer = make_optimizer(descent(0.02), pair->discriminator->parameters());
  if (group) {
    pair->sharing = std::make_shared<Sharing>(group, 1, /*normalizes_together=*/true);
  }
  Trainer trainer(pair, is_fused ? make_fused_step(pair) : make_eager_step(pair));
  RandomStream stream(8);
  const at::Tensor images =
      at::randint(256, {16, 1, 8, 8}, stream.cpu(), at::TensorOptions(at::kByte));
  trainer.use(std::make_shared<Dataset>(images, at::kCPU), 8);
  for (int step = 0; step < 5; ++step) trainer.step();
  std::vector<at::Tensor> all;
  for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
    for (const at::Tensor& one : network->parameters()) all.push_back(one.detach().flatten());
  }
  return at::cat(all);
}

}  // namespace

TEST_CASE("a bucket is on its way as soon as it is full, in the order of the last layers first") {
  const auto ended = as_ranks(2, [](const std::shared_ptr<Group>& group) {
    const auto sharing = sharing_of(group);
    const std::vector<at::Tensor> all = parameters();
    for (const double value : {2.0, 4.0}) {
      std::vector<at::Tensor> gradients;
      for (const at::Tensor& one : all) {
        gradients.push_back(gradient_of(group->rank(), one, value));
      }
      sharing->expect(all);
      sharing->ready(2, gradients[2]);
      // One more is in that bucket, behind it in the order of layers.
      CHECK(sharing->begun() == 0);
      sharing->ready(3, gradients[3]);
      CHECK(sharing->begun() == 1);
      sharing->ready(0, gradients[0]);
      CHECK(sharing->begun() == 1);
      // Nobody has one for the second.
      gradients[1].reset();
      const at::Tensor figures = at::tensor({value, 2 * value});
      CHECK(at::equal(sharing->collect(sharing->launch(gradients, figures)), figures));
      CHECK(!gradients[1].defined());
      for (const size_t place : {0, 2, 3}) {
        CHECK(gradients[place].sizes() == all[place].sizes());
        // The mean of 1 and 2 times the value.
        CHECK(gradients[place].eq(1.5 * value).all().item<bool>());
      }
    }
  });
  CHECK(ended == kFine);
}

TEST_CASE("gradients that travel as bfloat16 are rounded to it, and nothing else is") {
  const auto ended = as_ranks(2, [](const std::shared_ptr<Group>& group) {
    Sharing sharing(group, 1, /*normalizes_together=*/false, /*rounds=*/true);
    sharing.divide(6);
    const std::vector<at::Tensor> all = parameters();
    for (const double value : {0.1, 0.3}) {
      std::vector<at::Tensor> gradients;
      for (const at::Tensor& one : all) gradients.push_back(gradient_of(group->rank(), one, value));
      sharing.expect(all);
      for (const size_t place : {3, 2}) sharing.ready(place, gradients[place]);
      CHECK(sharing.begun() == 1);
      const at::Tensor figures = at::tensor({0.1, 0.2}, at::kDouble);
      const at::Tensor found = sharing.collect(sharing.launch(gradients, figures));
      CHECK((found.scalar_type() == at::kFloat));
      CHECK(at::allclose(found.to(at::kDouble), figures, 1e-7, 0));
      // Half of each rank's, as both count, and the sum of these.
      const auto half = [&](double times) {
        return at::scalar_tensor(value * times, at::kFloat).mul(0.5).to(at::kBFloat16);
      };
      const at::Tensor sum = (half(1) + half(2)).to(at::kFloat);
      CHECK(std::abs(sum.item<double>() - 1.5 * value) > 1e-5 * value);
      for (const at::Tensor& one : gradients) {
        CHECK((one.scalar_type() == at::kFloat));
        CHECK(one.eq(sum).all().item<bool>());
      }
    }
    CHECK_FALSE(sharing.stopped());
    sharing.want_stop(group->rank() == 1);
    std::vector<at::Tensor> none(all.size());
    sharing.expect(all);
    sharing.collect(sharing.launch(none, at::zeros({2})));
    CHECK(sharing.stopped());
  });
  CHECK(ended == kFine);
}

TEST_CASE("what one rank has by itself is not rounded") {
  const auto ended = as_ranks(1, [](const std::shared_ptr<Group>& group) {
    Sharing sharing(group, 1, /*normalizes_together=*/false, /*rounds=*/true);
    sharing.divide(6);
    std::vector<at::Tensor> gradients{at::full({3}, 0.1)};
    sharing.expect(gradients);
    sharing.collect(sharing.launch(gradients, at::zeros({2})));
    CHECK(gradients[0].eq(at::full({3}, 0.1)).all().item<bool>());
  });
  CHECK(ended == std::vector<std::string>(1));
}

TEST_CASE("what an update that failed left under way is not taken for the next one's") {
  const auto ended = as_ranks(2, [](const std::shared_ptr<Group>& group) {
    const auto sharing = sharing_of(group);
    const std::vector<at::Tensor> all = parameters();
    sharing->expect(all);
    for (const size_t place : {3, 2}) sharing->ready(place, at::ones_like(all[place]));
    sharing->expect(all);
    CHECK(sharing->begun() == 0);
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& one : all) gradients.push_back(gradient_of(group->rank(), one, 2));
    sharing->collect(sharing->launch(gradients, at::zeros({2})));
    for (const at::Tensor& one : gradients) CHECK(one.eq(3).all().item<bool>());
  });
  CHECK(ended == kFine);
}

TEST_CASE("two updates are under way at once, of parameters alike, and keep to themselves") {
  const auto ended = as_ranks(2, [](const std::shared_ptr<Group>& group) {
    const auto sharing = sharing_of(group);
    const std::vector<at::Tensor> all = parameters();
    for (int step = 0; step < 3; ++step) {
      std::vector<std::vector<at::Tensor>> gradients(2);
      std::vector<Sharing::Launched> launched;
      for (const int player : {0, 1}) {
        sharing->expect(all);
        for (const at::Tensor& one : all) {
          gradients[player].push_back(gradient_of(group->rank(), one, 2 + 2 * player));
        }
        launched.push_back(sharing->launch(gradients[player], at::full({2}, 5 + player)));
      }
      // One that was launched and given up, as by a step that failed, is in nobody's way.
      if (step == 0) continue;
      for (const int player : {0, 1}) {
        CHECK(sharing->collect(launched[player]).eq(5 + player).all().item<bool>());
        for (const at::Tensor& one : gradients[player]) {
          CHECK(one.eq(3 + 3 * player).all().item<bool>());
        }
      }
    }
  });
  CHECK(ended == kFine);
}

TEST_CASE("autograd tells of a gradient before it goes on to the layers before") {
  at::Tensor first = at::randn({3, 4}).requires_grad_(), last = at::randn({2, 3}).requires_grad_();
  const at::Tensor hidden = at::mm(first, at::randn({4, 5}));
  Places told;
  hidden.register_hook([&told](const at::Tensor&) { told.push_back(9); });
  const at::Tensor loss = at::mm(last, hidden).sum();
  // Lives on, so that a hook that was left behind would tell, too.
  const Ready ready = [&told](size_t place, const at::Tensor&) { told.push_back(place); };
  {
    const Listening listening({first, last}, ready);
    torch::autograd::grad({loss}, {first, last}, {}, /*retain_graph=*/true);
    CHECK(told.size() == 3);
    CHECK(told.back() == 0);
  }
  told.clear();
  torch::autograd::grad({loss}, {first, last});
  CHECK(told == Places{9});
}

TEST_CASE(
    "a network without a graph tells of a gradient before it goes on, and ends with what it told") {
  RandomStream stream(0);
  const auto pair = pair_of(3, wide_generator(), wide_discriminator(), {"hinge", {}},
                            ScoreKind::kLogit, at::kFloat);
  const auto network = DenseNetwork::plan(*pair->generator, /*takes_rows=*/true, product,
                                          pair->generator->parameters());
  Pass& pass = network->pass(4);
  network->forward(pass, at::randn({4, 5}, stream.cpu()));
  at::Tensor(pass.output_gradient()).fill_(1);
  Places told;
  std::vector<at::Tensor> seen(network->gradients().size());
  network->backward(pass, DenseNetwork::Wanted::kWeights,
                    [&](size_t place, const at::Tensor& gradient) {
                      told.push_back(place);
                      seen[place] = gradient.clone();
                    });
  // Linear 0 and 1, normalisation 2 and 3, linear 4 and 5.
  CHECK(told == Places{5, 4, 3, 2, 1, 0});
  for (size_t i = 0; i < seen.size(); ++i) CHECK(at::equal(seen[i], network->gradients()[i]));
}

TEST_CASE("two ranks whose gradients go in several buckets train as one, in both executions") {
  for (const bool is_fused : {true, false}) {
    CAPTURE(is_fused);
    const at::Tensor alone = trained(is_fused, nullptr);
    const auto ended = as_ranks(2, [&](const std::shared_ptr<Group>& group) {
      CHECK(distance(trained(is_fused, group), alone) < 2e-5);
    });
    CHECK(ended == kFine);
  }
}
