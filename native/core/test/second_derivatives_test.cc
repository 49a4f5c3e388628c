// What is differentiated twice under a penalty, against libtorch's own second derivatives.
#include "core/nn/sequential.h"
#include "core/step/plan.h"
#include "core/step/rewrites/conv_derivatives.h"
#include "core/step/rewrites/halving.h"
#include "core/step/rewrites/piecewise_linear.h"
#include "core/step/rewrites/pointwise.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

Layer with(Layer layer, const std::vector<std::pair<std::string, Option>>& options) {
  for (const auto& [name, value] : options) layer.options.set(name, value);
  return layer;
}

Layer activation(const std::string& type, const std::string& name = "0") {
  if (type != "leakyRelu") return layer(type, name);
  return layer(type, name, {{"negativeSlope", 0.2}});
}

// The gradient of a function of the weight's gradient, for the image and the weight.
std::vector<at::Tensor> second_by_weight(const ModulePtr& module, const at::Tensor& weight,
                                         const at::Tensor& x) {
  const at::Tensor score = module->forward(x).tanh().sum();
  const at::Tensor slope =
      torch::autograd::grad({score}, {weight}, {}, true, /*create_graph=*/true)[0];
  return torch::autograd::grad({slope.square().sum()}, {x, weight});
}

}  // namespace

TEST_CASE("convolutions have torch's values and both derivatives, whatever their sizes") {
  RandomStream stream(0);
  const Layer grouped = with(conv("0", 4, 6, 3, 1), {{"groups", 2.0}});
  const std::vector<Layer> layers = {
      conv("0", 4, 6, 1, 0),
      conv("0", 4, 1, 3, 1),
      conv("0", 4, 6, 5, 2, 2),
      grouped,
      with(grouped, {{"bias", false}}),
      with(conv("0", 4, 6, 3, 0), {{"dilation", Shape{2, 1}}, {"stride", Shape{1, 3}}}),
      transposed("0", 4, 6, 3, 2, 0),
      with(transposed("0", 4, 6, 3, 2, 1), {{"outputPadding", Shape{1, 1}}, {"groups", 2.0}}),
  };
  for (size_t i = 0; i < layers.size(); ++i) {
    CAPTURE(i);
    const ModulePtr plain = built(layers[i], stream);
    const ModulePtr fused = fuse_conv_derivatives(plain).module;
    REQUIRE(fused != nullptr);
    const at::Tensor rows = draw({3, 4, 7, 8});
    const at::Tensor last = rows.detach().contiguous(at::MemoryFormat::ChannelsLast);
    for (const at::Tensor& x : {rows, last.requires_grad_()}) {
      check_equal(fused, {plain}, x, 1e-12);
      check_second_derivative(fused, plain, x, 1e-11);
      const at::Tensor weight = plain->parameters()[0];
      const auto expected = second_by_weight(plain, weight, x);
      const auto received = second_by_weight(fused, weight, x);
      for (size_t j : {0, 1}) CHECK(distance(received[j], expected[j]) < 1e-11);
    }
  }
  CHECK(fuse_conv_derivatives(built(linear("0", 2, 2), stream)).module == nullptr);
}

TEST_CASE("within spectral normalisation both derivatives go through the weight of the pass") {
  const Layer inner = conv("0", 3, 4, 3, 1);
  const Layer normed =
      layer("spectralNorm", "0", {{"nPowerIterations", 1.0}, {"eps", 1e-12}}, {inner});
  // Twins: every pass turns the vectors a little further.
  RandomStream one(3), other(3);
  const ModulePtr ours = built(normed, one), theirs = built(normed, other);
  const ModulePtr fused = fuse_conv_derivatives(ours).module;
  REQUIRE(fused != nullptr);
  const auto second = [](const ModulePtr& module, const ModulePtr& owner, const at::Tensor& x) {
    const at::Tensor score = module->forward(x).tanh().sum();
    const at::Tensor slope = torch::autograd::grad({score}, {x}, {}, true, true)[0];
    return torch::autograd::grad({slope.square().sum()}, owner->parameters());
  };
  const at::Tensor x = draw({2, 3, 4, 4});
  const auto received = second(fused, ours, x), expected = second(theirs, theirs, x);
  for (size_t i = 0; i < expected.size(); ++i) CHECK(distance(received[i], expected[i]) < 1e-11);
}

TEST_CASE("halving and doubling by torch have its values and both derivatives") {
  RandomStream stream(0);
  for (const Layer& one : {conv("0", 3, 5, 4, 1, 2), transposed("0", 3, 5, 4, 2, 1)}) {
    const ModulePtr plain = built(one, stream);
    const ModulePtr form = as_halving(plain);
    REQUIRE(fuse_conv_derivatives(form).module == form);
    CHECK(fuse_conv_derivatives(form).module == nullptr);
    for (const int64_t side : {4, 7}) {
      check_equal(form, {plain}, draw({2, 3, side, side}), 1e-12);
      check_second_derivative(form, plain, draw({2, 3, side, side}), 1e-11);
    }
  }
  const std::shared_ptr<Halving> less = as_halving(built(conv("0", 3, 5, 4, 1, 2), stream));
  less->multiply_less();
  CHECK(fuse_conv_derivatives(less).module == nullptr);
}

TEST_CASE("a convolution that was moved behind a pool has torch's both derivatives") {
  RandomStream stream(0);
  const ModulePtr plain = built(conv("0", 3, 5, 1, 0), stream);
  const ModulePtr pool = build(avg_pool("1", 2), stream);
  const ModulePtr raised = raise_pool(plain, pool).module;
  REQUIRE(fuse_conv_derivatives(raised).module == raised);
  CHECK(fuse_conv_derivatives(raised).module == nullptr);
  const at::Tensor x = draw({2, 3, 4, 6});
  check_equal(raised, {plain, pool}, x, 1e-12);
  const auto second = [&](const auto& forward) {
    const at::Tensor slope =
        torch::autograd::grad({forward().tanh().sum()}, {x}, {}, true, true)[0];
    return torch::autograd::grad({slope.square().sum()}, {plain->parameters()[0]})[0];
  };
  const at::Tensor expected = second([&] { return pool->forward(plain->forward(x)); });
  CHECK(distance(second([&] { return raised->forward(x); }), expected) < 1e-11);
}

TEST_CASE("ReLU and leaky ReLU have torch's values and gradients, and no second derivative") {
  RandomStream stream(0);
  for (const std::string type : {"relu", "leakyRelu"}) {
    CAPTURE(type);
    const ModulePtr plain = built(activation(type), stream);
    const ModulePtr fused = fuse_piecewise_linear(plain).module;
    REQUIRE(fused != nullptr);
    const at::Tensor x = at::tensor({-2.0, -0.0, 0.0, 3.0}, at::kDouble).requires_grad_();
    CHECK(at::equal(fused->forward(x), plain->forward(x)));
    const at::Tensor upstream = at::randn({4}, at::kDouble).requires_grad_();
    const auto slope = [&](const ModulePtr& module) {
      return torch::autograd::grad({module->forward(x)}, {x}, {upstream}, true, true)[0];
    };
    CHECK(at::equal(slope(fused), slope(plain)));
    const auto second = [&](const ModulePtr& module) {
      return torch::autograd::grad({slope(module).square().sum()}, {x, upstream}, {}, {}, false,
                                   /*allow_unused=*/true);
    };
    CHECK(at::equal(second(fused)[1], second(plain)[1]));
    // libtorch's are zeros.
    CHECK(second(plain)[0].eq(0).all().item<bool>());
    CHECK(!second(fused)[0].defined());
    CHECK(std::isnan(fused->forward(at::full({1}, NAN, at::kDouble)).item<double>()));
  }
  CHECK(fuse_piecewise_linear(built(activation("tanh"), stream)).reason != "");
  CHECK(fuse_piecewise_linear(built(linear("0", 2, 2), stream)).reason == "");
}

TEST_CASE("a penalty goes back through the gradient alone where layers are linear by pieces") {
  RandomStream stream(1);
  const std::vector<Layer> layers = {conv("0", 2, 4, 3, 1),        activation("leakyRelu", "1"),
                                     conv("2", 4, 16, 4, 1, 2),    activation("relu", "3"),
                                     conv("4", 16, 1, 3, 1),       layer("flatten", "5"),
                                     linear("6", 16, 8),           maxout("7", 8, 4, 2),
                                     activation("leakyRelu", "8"), linear("9", 4, 1)};
  Sequential network(layers, stream);
  network.to(at::kDouble);
  const at::Tensor x = draw({3, 2, 8, 8});
  const auto penalised = [&](const auto& forward) {
    const at::Tensor slope =
        torch::autograd::grad({forward(x).sum()}, {x}, {}, true, /*create_graph=*/true)[0];
    return torch::autograd::grad({slope.square().sum()}, network.parameters(), {}, {}, false,
                                 /*allow_unused=*/true);
  };
  const auto gradients_by = [&](Plan::Purpose purpose) {
    const Plan plan(network, Precision::kFloat32, purpose);
    return penalised([&](const at::Tensor& image) { return plan.forward(image); });
  };
  const auto expected =
      penalised([&](const at::Tensor& image) { return network.forward(image, {}); });
  const auto received = gradients_by(Plan::Purpose::kPenalty);
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    const bool is_bias = network.parameters()[i].dim() == 1;
    // What goes down to a bias goes through the layers' values, and nothing does.
    CHECK(received[i].defined() != is_bias);
    if (received[i].defined()) CHECK(distance(received[i], expected[i]) < 1e-11);
  }
  CHECK(gradients_by(Plan::Purpose::kTraining)[1].defined());
}

TEST_CASE("a plan has them for a penalty, and for nothing else") {
  RandomStream stream(0);
  const Sequential network({conv("0", 3, 5, 3, 0, 2), activation("leakyRelu", "1")}, stream);
  const std::vector<std::string> both = {"convDerivatives", "piecewiseLinear"};
  for (const auto purpose :
       {Plan::Purpose::kTraining, Plan::Purpose::kPenalty, Plan::Purpose::kEvaluation}) {
    const bool is_penalty = purpose == Plan::Purpose::kPenalty;
    const Plan plan(network, Precision::kFloat32, purpose);
    CHECK(rewrites_of(plan) == (is_penalty ? both : std::vector<std::string>{}));
  }
}

TEST_CASE("an L1 distance from what loops of ours made is differentiated twice") {
  RandomStream stream(3);
  const std::vector<Layer> inside{conv("0", 32, 32, 3, 1)};
  const Sequential network({layer("reconstructionError", "0", {{"loss", std::string("l1")}},
                                  {layer("sequential", "autoencoder", {}, inside)})},
                           stream);
  const Plan plan(network, Precision::kFloat32, Plan::Purpose::kPenalty);
  const at::Tensor x = at::randn({3, 32, 6, 6}).requires_grad_();
  const auto penalty_at = [&](const at::Tensor& score) {
    const at::Tensor slope =
        torch::autograd::grad({score.sum()}, {x}, {}, std::nullopt, /*create_graph=*/true)[0];
    return torch::autograd::grad({slope.square().sum()}, network.parameters(), {}, std::nullopt,
                                 /*create_graph=*/false, /*allow_unused=*/true)[0];
  };
  const at::Tensor found = penalty_at(plan.forward(x));
  const at::Tensor expected = penalty_at(const_cast<Sequential&>(network).forward(x, {}));
  CHECK(distance(found, expected) < 1e-4);
}
