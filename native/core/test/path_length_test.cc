// Path length regularisation against Karras et al. 2020, equation 4, and its derivatives.
#include "core/objectives/penalties/path_length.h"

#include "core/error.h"
#include "core/nn/styled.h"
#include "core/step/plan.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/gradients.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

const Options kOptions{{"weight", 2.0}, {"every", 4.0}, {"decay", 0.25}};

// Images of a generator, and what its mappings made for them.
struct Passed {
  at::Tensor images;
  std::vector<at::Tensor> styles;
};

Passed passed(Network& generator, const at::Tensor& latents, const Plan* plan = nullptr) {
  RandomStream stream(6);
  Passed pass;
  Context context;
  context.stream = &stream;
  context.styles = &pass.styles;
  pass.images = plan ? plan->forward(latents, context) : generator.body().forward(latents, context);
  return pass;
}

at::Tensor lengths_of(const Passed& pass, const PathLength& penalty) {
  RandomStream stream(9);
  return penalty.lengths(pass.images, pass.styles, stream.cpu());
}

// [2, 2, 3] from w of 3 by a matrix alone.
std::vector<Layer> plain_generator() {
  const std::vector<Layer> mapping{linear("0", 4, 3), layer("tanh", "1")};
  const std::vector<Layer> synthesis{linear("0", 3, 12),
                                     layer("unflatten", "1", {{"shape", Shape{2, 2, 3}}})};
  return {layer("styled", "0", styled_options(0, 0, 3),
                {layer("sequential", "mapping", {}, mapping),
                 layer("sequential", "synthesis", {}, synthesis)})};
}

Network network_of(const std::vector<Layer>& layers) {
  RandomStream stream(3);
  return {layers, at::kCPU, at::kDouble, stream};
}

}  // namespace

TEST_CASE("a path's length is that of the Jacobian's product with a direction, for each sample") {
  Network generator = network_of(plain_generator());
  const PathLength penalty(kOptions);
  const Passed pass = passed(generator, draw({5, 4}));
  REQUIRE(pass.styles.size() == 1);
  CHECK((pass.styles[0].sizes() == at::IntArrayRef({5, 3})));
  RandomStream again(9);
  const at::Tensor y =
      at::randn({5, 2, 2, 3}, again.cpu(), at::TensorOptions(at::kFloat)).to(at::kDouble) /
      std::sqrt(6.0);
  const at::Tensor weight = generator.body().named_parameters()["0.synthesis.0.weight"];
  const at::Tensor expected = at::matmul(y.flatten(1), weight).square().sum(1).sqrt();
  CHECK(distance(lengths_of(pass, penalty), expected) < 1e-12);
  // The mean length is 0 at first.
  CHECK(distance(penalty.of(expected), expected.square().mean()) < 1e-12);
}

TEST_CASE("of several styles that a pass had the squares of all gradients are summed") {
  const at::Tensor one = draw({4, 3}).requires_grad_(), other = draw({4, 3}).requires_grad_();
  const at::Tensor a = draw({3, 8}), b = draw({3, 8});
  const at::Tensor images = (at::matmul(one, a) + at::matmul(other, b)).view({4, 2, 2, 2});
  const PathLength penalty(kOptions);
  const at::Tensor both = lengths_of({images, {one, other}}, penalty);
  const at::Tensor first = lengths_of({images, {one}}, penalty);
  const at::Tensor second = lengths_of({images, {other}}, penalty);
  CHECK(distance(both.square(), first.square() + second.square()) < 1e-12);
  // One that nothing was made of counts for nothing.
  const at::Tensor unused = draw({4, 3}).requires_grad_();
  CHECK(distance(lengths_of({images, {unused, one}}, penalty), first) < 1e-12);
  CHECK(lengths_of({images, {unused}}, penalty).eq(0).all().item<bool>());
}

TEST_CASE("w is told where it is asked for, of a mapping without weights, too, and nowhere else") {
  std::vector<Layer> layers = plain_generator();
  layers[0].options = styled_options(0, 0, 4);
  layers[0].layers[0].layers = {layer("tanh", "0")};
  layers[0].layers[1].layers[0] = linear("0", 4, 12);
  Network generator = network_of(layers);
  const Passed pass = passed(generator, draw({5, 4}).detach());
  REQUIRE(pass.styles.size() == 1);
  CHECK(lengths_of(pass, PathLength(kOptions)).min().item<double>() > 0);
  CHECK(generator.evaluate(draw({5, 4})).requires_grad() == false);
}

TEST_CASE("where styles are mixed both are told, by the plan too") {
  Network generator = network_of(styled_generator(5, /*mixing=*/1));
  const Plan plan(generator.body(), Precision::kFloat32, Plan::Purpose::kPenalty);
  const at::Tensor latents = draw({3, 5}).detach();
  const PathLength penalty(kOptions);
  const Passed pass = passed(generator, latents), planned = passed(generator, latents, &plan);
  REQUIRE(pass.styles.size() == 2);
  REQUIRE(planned.styles.size() == 2);
  CHECK(distance(lengths_of(planned, penalty), lengths_of(pass, penalty)) < 1e-10);
  const Passed without{pass.images, {pass.styles[0]}};
  CHECK(distance(lengths_of(without, penalty), lengths_of(pass, penalty)) > 1e-3);
}

TEST_CASE("the mean length moves towards each batch's by decay, from 0, and where it is") {
  PathLength penalty(kOptions);
  const at::Tensor mean = penalty.state().at(0).second;
  CHECK((mean.scalar_type() == at::kDouble));
  CHECK(mean.item<double>() == 0);
  penalty.go_on(at::scalar_tensor(4.0, at::kFloat));
  CHECK(mean.item<double>() == 1);
  penalty.go_on(at::scalar_tensor(4.0, at::kFloat));
  CHECK(mean.item<double>() == 1.75);
  CHECK(penalty.mean() == 1.75);
  const at::Tensor lengths = at::tensor({1.75, 3.75}, at::kFloat);
  CHECK(penalty.of(lengths).item<double>() == 2);
  CHECK((penalty.of(lengths).scalar_type() == at::kFloat));
  CHECK(penalty.strength() == 8);
  CHECK(penalty.is_due(4));
  CHECK_FALSE(penalty.is_due(5));
}

TEST_CASE("the gradient of the penalty on path lengths equals central differences") {
  for (const bool is_plain : {true, false}) {
    CAPTURE(is_plain);
    Network generator = network_of(is_plain ? plain_generator() : styled_generator(5));
    // The same in each run: where a leaky ReLU has its kink there is no derivative.
    RandomStream stream(8);
    const at::Tensor latents = at::randn({3, is_plain ? 4 : 5}, stream.cpu(), at::kDouble);
    PathLength penalty(kOptions);
    penalty.go_on(at::scalar_tensor(1.0, at::kDouble));
    const auto value = [&] { return penalty.of(lengths_of(passed(generator, latents), penalty)); };
    CHECK(gradient_error(value, generator.parameters()) < 1e-6);
  }
}

TEST_CASE("a plan under penalties has the lengths of the network, and their gradients: 1e-10") {
  Network generator = network_of(styled_generator(5));
  const Plan plan(generator.body(), Precision::kFloat32, Plan::Purpose::kPenalty);
  const at::Tensor latents = draw({3, 5}).detach();
  const PathLength penalty(kOptions);
  const auto told = [&](const Plan* by) {
    const at::Tensor lengths = lengths_of(passed(generator, latents, by), penalty);
    const std::vector<at::Tensor> weights = generator.parameters();
    std::vector<at::Tensor> all =
        torch::autograd::grad({penalty.of(lengths)}, weights, {}, {}, false, /*allow_unused=*/true);
    for (size_t i = 0; i < all.size(); ++i) {
      // Of biases that nothing depends on eager has zeros.
      all[i] = (all[i].defined() ? all[i] : at::zeros_like(weights[i])).detach().flatten();
    }
    all.push_back(lengths.detach());
    return at::cat(all);
  };
  CHECK(distance(told(&plan), told(nullptr)) < 1e-10);
}

TEST_CASE("a snapshot has the mean length, which moves at every fourth update of the generator") {
  const auto made = [] {
    const auto pair = pair_of(2, styled_generator(5), styled_discriminator(), {"hinge", {}},
                              ScoreKind::kLogit, at::kFloat);
    add_penalty(*pair, {"pathLength", kOptions});
    pair->generator_steps = 2;
    return Trainer(pair, make_fused_step(pair));
  };
  const auto mean_of = [](const Trainer& trainer) {
    return trainer.snapshot().tensor("pathLength.mean").item<double>();
  };
  const auto images = std::make_shared<Dataset>(at::zeros({4, 1, 8, 8}, at::kByte), at::kCPU);
  Trainer trainer = made();
  trainer.use(images, 4);
  std::vector<double> means{mean_of(trainer)};
  for (int i = 0; i < 4; ++i) {
    trainer.step();
    means.push_back(mean_of(trainer));
  }
  // Updates 0 and 4 of eight.
  CHECK(means[0] == 0);
  CHECK(means[1] > 0);
  CHECK(means[2] == means[1]);
  CHECK(means[3] > means[2]);
  CHECK(means[4] == means[3]);
  Trainer other = made();
  Snapshot forged = trainer.snapshot();
  other.restore(forged);
  CHECK(mean_of(other) == means[4]);
  other.use(images, 4);
  other.step(/*watched=*/true);
  CHECK(other.report().health->mean_path_length == mean_of(other));
  for (auto& [name, tensor] : forged.tensors) {
    if (name == "pathLength.mean") tensor = at::zeros({2}, at::kDouble);
  }
  CHECK_THROWS_WITH_AS(other.restore(forged),
                       "Expected a tensor of Double [] for pathLength.mean in the checkpoint but "
                       "received a tensor of Double [2]",
                       Error);
}
