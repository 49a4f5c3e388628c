#include <ATen/Parallel.h>

// Every rewrite against what it replaces, in float64: values, gradients, borders, and where it does
// not hold.
#include "core/nn/batch_norm.h"
#include "core/step/plan.h"
#include "core/step/rewrites/bias_norm.h"
#include "core/step/rewrites/conv_pool.h"
#include "core/step/rewrites/first_transposed.h"
#include "core/step/rewrites/linear_product.h"
#include "core/step/rewrites/maxout.h"
#include "core/step/rewrites/narrow_conv.h"
#include "core/step/rewrites/norm_activation.h"
#include "core/step/rewrites/pairwise.h"
#include "core/step/rewrites/pixel_norm.h"
#include "core/step/rewrites/pointwise.h"
#include "core/step/rewrites/upsample_conv.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

TEST_CASE("upsample + conv3x3 equals one transposed convolution: values, gradients and borders") {
  RandomStream stream(0);
  const ModulePtr up = build(upsample("0", 2), stream);
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {1, 3}, {4, 5}}) {
    const ModulePtr convolution = built(conv("1", 3, 6, 3, 1), stream);
    const ModulePtr fused = fuse_upsample_conv(up, convolution).module;
    REQUIRE(fused != nullptr);
    check_equal(fused, {up, convolution}, draw({2, 3, height, width}), 1e-13);
  }
}

TEST_CASE("upsample + conv3x3 is refused as one transposed convolution where it does not hold") {
  RandomStream stream(0);
  const ModulePtr twice = build(upsample("0", 2), stream);
  const ModulePtr thrice = build(upsample("0", 3), stream);
  const ModulePtr plain = build(conv("1", 2, 2, 3, 1), stream);
  CHECK(fuse_upsample_conv(thrice, plain).module == nullptr);
  CHECK(fuse_upsample_conv(build(upsample("0", 2, "bilinear"), stream), plain).module == nullptr);
  CHECK(fuse_upsample_conv(plain, plain).module == nullptr);
  CHECK(fuse_upsample_conv(twice, build(conv("1", 2, 2, 3, 0), stream)).module == nullptr);
  CHECK(fuse_upsample_conv(twice, build(conv("1", 2, 2, 3, 1, 2), stream)).module == nullptr);
  CHECK(fuse_upsample_conv(twice, build(conv("1", 2, 2, 5, 1), stream)).module == nullptr);
}

TEST_CASE("conv3x3 + means of 2x2 equal one strided convolution: values, gradients and borders") {
  RandomStream stream(0);
  const ModulePtr pool = build(avg_pool("1", 2), stream);
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{2, 2}, {2, 6}, {8, 4}, {5, 4}}) {
    const ModulePtr convolution = built(conv("0", 3, 6, 3, 1), stream);
    const ModulePtr fused = fuse_conv_pool(convolution, pool).module;
    REQUIRE(fused != nullptr);
    check_equal(fused, {convolution, pool}, draw({2, 3, height, width}), 1e-13);
  }
  const ModulePtr plain = build(conv("0", 2, 2, 3, 1), stream);
  CHECK(fuse_conv_pool(plain, build(avg_pool("1", 3), stream)).module == nullptr);
  CHECK(fuse_conv_pool(build(conv("0", 2, 2, 3, 0), stream), pool).module == nullptr);
  CHECK(fuse_conv_pool(build(conv("0", 2, 2, 5, 2), stream), pool).module == nullptr);
  CHECK(fuse_conv_pool(plain, build(avg_pool("1", 4), stream)).reason != "");
  CHECK(fuse_conv_pool(pool, plain).reason == "");
}

TEST_CASE("a 1x1 convolution commutes with upsampling, to the bit, and with means") {
  RandomStream stream(0);
  const ModulePtr up = build(upsample("0", 2), stream), pool = build(avg_pool("1", 2), stream);
  const ModulePtr point = built(conv("0", 3, 6, 1, 0), stream);
  const at::Tensor x = draw({2, 3, 4, 6});
  const ModulePtr sunk = sink_upsample(up, point).module;
  REQUIRE(sunk != nullptr);
  CHECK(at::equal(sunk->forward(x), point->forward(up->forward(x))));
  const ModulePtr raised = raise_pool(point, pool).module;
  REQUIRE(raised != nullptr);
  // Modules in a row look at no parameters of their own: those of the convolution are both's.
  for (const auto& [ours, theirs] : {std::pair{sunk, std::vector<ModulePtr>{up, point}},
                                     std::pair{raised, std::vector<ModulePtr>{point, pool}}}) {
    check_equal(ours, theirs, x, 1e-13);
  }
  CHECK(sink_upsample(build(upsample("0", 2, "bilinear"), stream), point).module == nullptr);
  CHECK(sink_upsample(up, build(conv("1", 3, 3, 3, 1), stream)).module == nullptr);
  CHECK(raise_pool(build(conv("1", 3, 3, 3, 1), stream), pool).module == nullptr);
}

TEST_CASE("within spectral normalisation the rewrites use the weight of the pass") {
  const auto normed = [](const Layer& inner) {
    return layer("spectralNorm", "0", {{"nPowerIterations", 1.0}, {"eps", 1e-12}}, {inner});
  };
  for (const bool pooled : {true, false}) {
    // Twins: every pass turns the vectors a little further.
    RandomStream one(3), other(3), unused(0);
    const Layer inner = normed(conv("0", 3, 6, 3, 1));
    const ModulePtr ours = built(inner, one), theirs = built(inner, other);
    const ModulePtr pool = build(avg_pool("1", 2), unused), up = build(upsample("1", 2), unused);
    const ModulePtr fused =
        pooled ? fuse_conv_pool(ours, pool).module : fuse_upsample_conv(up, ours).module;
    REQUIRE(fused != nullptr);
    const at::Tensor x = draw({2, 3, 4, 4});
    for (int pass = 0; pass < 3; ++pass) {
      const at::Tensor expected =
          pooled ? pool->forward(theirs->forward(x)) : theirs->forward(up->forward(x));
      CHECK(distance(fused->forward(x), expected) < 1e-13);
    }
  }
}

TEST_CASE("a transposed convolution of one pixel equals a product") {
  RandomStream stream(0);
  const ModulePtr plain = built(transposed("0", 5, 3, 4, 1, 0), stream);
  const ModulePtr fused = fuse_first_transposed(plain).module;
  REQUIRE(fused != nullptr);
  check_equal(fused, {plain}, draw({4, 5, 1, 1}), 1e-13);
  check_equal(fused, {plain}, draw({4, 5, 2, 3}), 1e-13);
  const ModulePtr strided = built(transposed("0", 5, 3, 4, 2, 0), stream);
  check_equal(fuse_first_transposed(strided).module, {strided}, draw({4, 5, 1, 1}), 1e-13);
  CHECK(fuse_first_transposed(build(transposed("0", 5, 3, 4, 2, 1), stream)).module == nullptr);
}

TEST_CASE("a convolution to few channels equals its products: values, gradients and borders") {
  RandomStream stream(0);
  for (const int64_t kernel : {1, 3}) {
    for (const double channels : {1.0, 3.0}) {
      for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {2, 5}, {6, 4}}) {
        CAPTURE(kernel);
        const ModulePtr plain = built(conv("0", 16, channels, kernel, kernel / 2), stream);
        const ModulePtr fused = fuse_narrow_conv(plain).module;
        REQUIRE(fused != nullptr);
        const at::Tensor x = draw({3, 16, height, width});
        check_equal(fused, {plain}, x, 1e-12);
        const at::Tensor last = x.detach().contiguous(at::MemoryFormat::ChannelsLast);
        check_equal(fused, {plain}, last.requires_grad_(), 1e-12);
      }
    }
  }
  CHECK(fuse_narrow_conv(build(conv("0", 16, 1, 7, 3), stream)).module == nullptr);  // many taps
  CHECK(fuse_narrow_conv(build(conv("0", 16, 8, 3, 1), stream)).module == nullptr);  // not few
  CHECK(fuse_narrow_conv(build(conv("0", 8, 1, 3, 1), stream)).module == nullptr);   // no products
  CHECK(fuse_narrow_conv(build(conv("0", 16, 1, 3, 0), stream)).module == nullptr);  // another size
  CHECK(fuse_narrow_conv(build(conv("0", 16, 1, 3, 1, 2), stream)).module == nullptr);  // strided
  CHECK(fuse_narrow_conv(build(conv("0", 16, 1, 4, 2), stream)).module == nullptr);     // even
}

TEST_CASE("a bias before batch normalisation can stay out: values, gradients, running statistics") {
  RandomStream stream(0);
  const ModulePtr up = build(upsample("0", 2), stream);
  const ModulePtr convolution = built(conv("1", 3, 6, 3, 1), stream);
  const std::vector<std::pair<ModulePtr, std::vector<ModulePtr>>> layers = {
      {convolution, {convolution}},
      {fuse_upsample_conv(up, convolution).module, {up, convolution}},
  };
  for (size_t i = 0; i < 2 * layers.size(); ++i) {
    const auto& [layer, replaced] = layers[i / 2];
    const bool affine = i % 2 == 0;
    CAPTURE(affine);
    const ModulePtr norm = built(batch_norm("2", 6, 0.8, affine), stream);
    const ModulePtr reference = built(batch_norm("2", 6, 0.8, affine), stream);
    const ModulePtr fused = fuse_bias_norm(layer, norm).module;
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
  CHECK(fuse_bias_norm(up, build(batch_norm("1", 3, 1e-5), stream)).module == nullptr);
  CHECK(fuse_bias_norm(convolution, convolution).module == nullptr);
}

TEST_CASE("pixel normalisation in one pass equals the layer's own: values and both derivatives") {
  RandomStream stream(0);
  const ModulePtr norm = built(layer("pixelNorm", "0", {{"eps", 1e-3}}), stream);
  const ModulePtr fused = fuse_pixel_norm(norm).module;
  // Channels that fill lanes, that do not, and one.
  for (const Shape& shape : {Shape{2, 32, 5, 3}, Shape{3, 37, 4, 6}, Shape{4, 1, 2, 2}}) {
    for (const auto format : {at::MemoryFormat::ChannelsLast, at::MemoryFormat::Contiguous}) {
      CAPTURE(shape);
      const at::Tensor x = at::randn(shape, at::kDouble).contiguous(format).requires_grad_();
      check_equal(fused, {norm}, x, 1e-12);
      const auto second = [&x](const ModulePtr& module) {
        const at::Tensor score = module->forward(x).tanh().sum();
        const at::Tensor slope = torch::autograd::grad({score}, {x}, {}, true, true)[0];
        return torch::autograd::grad({slope.square().sum()}, {x})[0];
      };
      CHECK(distance(second(fused), second(norm)) < 1e-11);
    }
  }
  CHECK(fuse_pixel_norm(build(layer("tanh", "1"), stream)).module == nullptr);
}

TEST_CASE(
    "minibatch discrimination a dimension at a time equals the layer's own, both derivatives") {
  RandomStream stream(0);
  for (const double kernel_dims : {1.0, 3.0}) {
    const ModulePtr plain = built(minibatch_discrimination("0", 6, 5, kernel_dims), stream);
    const ModulePtr fused = fuse_pairwise(plain).module;
    REQUIRE(fused != nullptr);
    CHECK(fused->needs_own_pass());
    for (const int64_t batch : {1, 2, 7}) {
      CAPTURE(batch);
      const at::Tensor x = at::randn({batch, 6}, at::kDouble).mul_(0.3).requires_grad_();
      check_equal(fused, {plain}, x, 1e-12);
      check_second_derivative(fused, plain, x, 1e-11);
    }
  }
  CHECK(fuse_pairwise(build(linear("0", 2, 2), stream)).module == nullptr);
}

TEST_CASE("a linear layer by products equals torch's, second derivatives included") {
  RandomStream stream(0);
  const ModulePtr plain = built(linear("0", 7, 5), stream);
  const ModulePtr fused = fuse_linear_product(plain).module;
  REQUIRE(fused != nullptr);
  const at::Tensor x = draw({4, 7});
  check_equal(fused, {plain}, x, 1e-13);
  check_second_derivative(fused, plain, x, 1e-12);
  // An optimizer would have to copy one that lies otherwise.
  const at::Tensor weight = plain->parameters()[0];
  const at::Tensor score = fused->forward(x).square().sum();
  CHECK(torch::autograd::grad({score}, {weight})[0].strides() == weight.strides());
}

TEST_CASE("maxout in one pass equals torch's largest: values, both derivatives, ties and NaN") {
  RandomStream stream(0);
  for (const double pieces : {1, 2, 5}) {
    CAPTURE(pieces);
    const ModulePtr plain = built(maxout("0", 7, 5, pieces), stream);
    const ModulePtr fused = fuse_maxout(plain).module;
    REQUIRE(fused != nullptr);
    const at::Tensor x = draw({4, 7});
    check_equal(fused, {plain}, x, 1e-13);
    check_second_derivative(fused, plain, x, 1e-12);
    // Pieces that are all the same: the first of them learns.
    const at::NoGradGuard no_grad;
    for (const at::Tensor& parameter : plain->parameters()) parameter.zero_();
    const at::AutoGradMode with_gradients(true);
    check_equal(fused, {plain}, x, 1e-13);
    CHECK(at::isnan(fused->forward(at::full({1, 7}, NAN, at::kDouble))).all().item<bool>());
  }
  CHECK(fuse_maxout(built(linear("0", 7, 5), stream)).module == nullptr);
}

TEST_CASE("maxout of many outputs and samples equals torch's, dropped ones too, on threads") {
  RandomStream stream(1);
  const int before = at::get_num_threads();
  const ModulePtr plain = built(maxout("0", 70, 45, 5, /*bias=*/false), stream);
  const ModulePtr fused = fuse_maxout(plain).module;
  const at::Tensor x = draw({220, 70});
  // Gradients that are 0 have no part in its products.
  const at::Tensor kept = (draw({220, 45}) > 0).to(at::kDouble);
  const auto gradients = [&](const ModulePtr& by) {
    const at::Tensor score = (by->forward(x, {}) * kept).square().sum();
    return torch::autograd::grad({score}, {x, plain->parameters()[0]});
  };
  const auto expected = gradients(plain);
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    const auto found = gradients(fused);
    for (size_t i = 0; i < found.size(); ++i) CHECK(distance(found[i], expected[i]) < 1e-11);
    check_second_derivative(fused, plain, x, 1e-10);
  }
  at::set_num_threads(before);
}

TEST_CASE("a convolution to few channels has its second derivative, of large products too") {
  RandomStream stream(0);
  const ModulePtr plain = built(conv("0", 16, 1, 3, 1), stream);
  check_second_derivative(fuse_narrow_conv(plain).module, plain, draw({2, 16, 5, 4}), 1e-12);
  const ModulePtr single = build(conv("0", 32, 1, 3, 1), stream);
  const at::Tensor x = at::randn({16, 32, 16, 16}).requires_grad_();
  check_second_derivative(fuse_narrow_conv(single).module, single, x, 1e-4);
}

TEST_CASE("images of one channel are channels last for a plan: so is what it makes of them") {
  RandomStream stream(0);
  Sequential network({conv("0", 1, 8, 4, 1, 2), conv("1", 8, 1, 3, 1)}, stream);
  const Plan plan(network, Precision::kFloat32);
  const at::Tensor images = at::randn({2, 1, 8, 6}).requires_grad_();
  const at::Tensor first =
      Plan(Sequential({conv("0", 1, 8, 4, 1, 2)}, stream), Precision::kFloat32).forward(images);
  CHECK(first.suggest_memory_format() == at::MemoryFormat::ChannelsLast);
  for (const at::Tensor& input : {images, images.transpose(2, 3).contiguous().transpose(2, 3)}) {
    CHECK(at::allclose(plan.forward(input), network.forward(input, {}), 1e-5, 1e-6));
  }
  const auto gradient = torch::autograd::grad({plan.forward(images).sum()}, {images});
  CHECK(gradient[0].sizes() == images.sizes());
}
