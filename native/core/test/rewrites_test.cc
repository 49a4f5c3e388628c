// Every rewrite against what it replaces, in float64: values, gradients, borders, and where it does
// not hold.
#include "core/nn/batch_norm.h"
#include "core/step/rewrites/bias_norm.h"
#include "core/step/rewrites/linear_product.h"
#include "core/step/rewrites/narrow_conv.h"
#include "core/step/rewrites/upsample_conv.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

ModulePtr built(const Layer& layer, RandomStream& stream) {
  const ModulePtr module = build(layer, stream);
  module->to(at::kDouble);
  return module;
}

// Values and gradients of a module against those of others in a row.
void check_equal(const ModulePtr& ours, const std::vector<ModulePtr>& theirs, const at::Tensor& x,
                 double bound) {
  at::Tensor reference = x;
  std::vector<at::Tensor> inputs{x};
  for (const ModulePtr& module : theirs) {
    reference = module->forward(reference);
    for (const at::Tensor& parameter : module->parameters()) inputs.push_back(parameter);
  }
  const at::Tensor made = ours->forward(x);
  CHECK(distance(made, reference) < bound);
  const at::Tensor upstream = at::randn_like(reference);
  const auto expected = torch::autograd::grad({reference}, inputs, {upstream});
  const auto received = torch::autograd::grad({made}, inputs, {upstream});
  for (size_t i = 0; i < inputs.size(); ++i) {
    CAPTURE(i);
    CHECK((received[i] - expected[i]).abs().max().item<double>() <
          bound * (1 + expected[i].abs().max().item<double>()));
  }
}

// The gradient of a function of the gradient.
void check_second_derivative(const ModulePtr& ours, const ModulePtr& theirs, const at::Tensor& x,
                             double bound) {
  const auto second = [&](const ModulePtr& module) {
    const at::Tensor score = module->forward(x).tanh().sum();
    const at::Tensor slope =
        torch::autograd::grad({score}, {x}, {}, true, /*create_graph=*/true)[0];
    return torch::autograd::grad({slope.square().sum()}, theirs->parameters());
  };
  const auto expected = second(theirs), received = second(ours);
  for (size_t i = 0; i < expected.size(); ++i) CHECK(distance(received[i], expected[i]) < bound);
}

at::Tensor draw(const Shape& shape) { return at::randn(shape, at::kDouble).requires_grad_(); }

}  // namespace

TEST_CASE("upsample + conv3x3 equals one transposed convolution: values, gradients and borders") {
  RandomStream stream(0);
  const ModulePtr up = build(upsample("0", 2), stream);
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {1, 3}, {4, 5}}) {
    const ModulePtr convolution = built(conv("1", 3, 6, 3, 1), stream);
    const ModulePtr fused = fuse_upsample_conv(up, convolution);
    REQUIRE(fused != nullptr);
    check_equal(fused, {up, convolution}, draw({2, 3, height, width}), 1e-13);
  }
}

TEST_CASE("that is refused where it does not hold") {
  RandomStream stream(0);
  const ModulePtr twice = build(upsample("0", 2), stream);
  const ModulePtr thrice = build(upsample("0", 3), stream);
  const ModulePtr plain = build(conv("1", 2, 2, 3, 1), stream);
  CHECK(fuse_upsample_conv(thrice, plain) == nullptr);
  CHECK(fuse_upsample_conv(build(upsample("0", 2, "bilinear"), stream), plain) == nullptr);
  CHECK(fuse_upsample_conv(plain, plain) == nullptr);
  CHECK(fuse_upsample_conv(twice, build(conv("1", 2, 2, 3, 0), stream)) == nullptr);
  CHECK(fuse_upsample_conv(twice, build(conv("1", 2, 2, 3, 1, 2), stream)) == nullptr);
  CHECK(fuse_upsample_conv(twice, build(conv("1", 2, 2, 5, 1), stream)) == nullptr);
}

TEST_CASE("a convolution to few channels equals its products: values, gradients and borders") {
  RandomStream stream(0);
  for (const int64_t kernel : {1, 3}) {
    for (const double channels : {1.0, 3.0}) {
      for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {2, 5}, {6, 4}}) {
        CAPTURE(kernel);
        const ModulePtr plain = built(conv("0", 16, channels, kernel, kernel / 2), stream);
        const ModulePtr fused = fuse_narrow_conv(plain);
        REQUIRE(fused != nullptr);
        const at::Tensor x = draw({3, 16, height, width});
        check_equal(fused, {plain}, x, 1e-12);
        const at::Tensor last = x.detach().contiguous(at::MemoryFormat::ChannelsLast);
        check_equal(fused, {plain}, last.requires_grad_(), 1e-12);
      }
    }
  }
  CHECK(fuse_narrow_conv(build(conv("0", 16, 1, 7, 3), stream)) == nullptr);     // many taps
  CHECK(fuse_narrow_conv(build(conv("0", 16, 8, 3, 1), stream)) == nullptr);     // not few
  CHECK(fuse_narrow_conv(build(conv("0", 8, 1, 3, 1), stream)) == nullptr);      // no products
  CHECK(fuse_narrow_conv(build(conv("0", 16, 1, 3, 0), stream)) == nullptr);     // another size
  CHECK(fuse_narrow_conv(build(conv("0", 16, 1, 3, 1, 2), stream)) == nullptr);  // strided
  CHECK(fuse_narrow_conv(build(conv("0", 16, 1, 4, 2), stream)) == nullptr);     // even
}

TEST_CASE("a bias before batch normalisation can stay out: values, gradients, running statistics") {
  RandomStream stream(0);
  const ModulePtr up = build(upsample("0", 2), stream);
  const ModulePtr convolution = built(conv("1", 3, 6, 3, 1), stream);
  const std::vector<std::pair<ModulePtr, std::vector<ModulePtr>>> layers = {
      {convolution, {convolution}},
      {fuse_upsample_conv(up, convolution), {up, convolution}},
  };
  for (const auto& [layer, replaced] : layers) {
    const ModulePtr norm = built(batch_norm("2", 6, 0.8), stream);
    const ModulePtr reference = built(batch_norm("2", 6, 0.8), stream);
    const ModulePtr fused = fuse_bias_norm(layer, norm);
    REQUIRE(fused != nullptr);
    CHECK(fused->needs_own_pass());
    const at::Tensor x = draw({4, 3, 5, 4});
    at::Tensor expected = x;
    for (const ModulePtr& module : replaced) expected = module->forward(expected);
    expected = reference->forward(expected);
    const at::Tensor made = fused->forward(x);
    CHECK(distance(made, expected) < 1e-12);
    for (size_t i = 0; i < norm->buffers().size(); ++i) {
      CHECK(distance(norm->buffers()[i].to(at::kDouble), reference->buffers()[i].to(at::kDouble)) <
            1e-12);
    }
    std::vector<at::Tensor> ours{x}, theirs{x};
    for (const at::Tensor& one : convolution->parameters()) ours.push_back(one);
    theirs = ours;
    for (const at::Tensor& one : norm->parameters()) ours.push_back(one);
    for (const at::Tensor& one : reference->parameters()) theirs.push_back(one);
    const at::Tensor upstream = at::randn_like(made);
    const auto received = torch::autograd::grad({made}, ours, {upstream});
    const auto wanted = torch::autograd::grad({expected}, theirs, {upstream});
    for (size_t i = 0; i < ours.size(); ++i) {
      CAPTURE(i);
      CHECK((received[i] - wanted[i]).abs().max().item<double>() < 1e-11);
    }
  }
  CHECK(fuse_bias_norm(up, build(batch_norm("1", 3, 1e-5), stream)) == nullptr);
  CHECK(fuse_bias_norm(convolution, convolution) == nullptr);
}

TEST_CASE("a linear layer by products equals torch's, second derivatives included") {
  RandomStream stream(0);
  const ModulePtr plain = built(linear("0", 7, 5), stream);
  const ModulePtr fused = fuse_linear_product(plain);
  REQUIRE(fused != nullptr);
  const at::Tensor x = draw({4, 7});
  check_equal(fused, {plain}, x, 1e-13);
  check_second_derivative(fused, plain, x, 1e-12);
}

TEST_CASE("a convolution to few channels has its second derivative, of large products too") {
  RandomStream stream(0);
  const ModulePtr plain = built(conv("0", 16, 1, 3, 1), stream);
  check_second_derivative(fuse_narrow_conv(plain), plain, draw({2, 16, 5, 4}), 1e-12);
  const ModulePtr single = build(conv("0", 32, 1, 3, 1), stream);
  const at::Tensor x = at::randn({16, 32, 16, 16}).requires_grad_();
  check_second_derivative(fuse_narrow_conv(single), single, x, 1e-4);
}

TEST_CASE("evaluation leaves a network in training mode, after an error too") {
  RandomStream stream(0);
  Network network({linear("0", 3, 2)}, at::kCPU, at::kFloat, stream);
  CHECK_THROWS(network.evaluate(at::zeros({1, 4})));
  CHECK(network.body().is_training());
}
