// Images as rows of pixels, and as rows of numbers: products of the one, gradients of the other.
#include "core/step/plan.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/pixel_product.h"
#include "core/step/rewrites/pointwise.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

TEST_CASE("a 1x1 convolution equals a product of all pixels: values and both derivatives") {
  RandomStream stream(0);
  for (const double channels : {1.0, 6.0}) {
    const ModulePtr plain = built(conv("0", 5, channels, 1, 0), stream);
    const ModulePtr fused = fuse_pixel_product(plain).module;
    REQUIRE(fused != nullptr);
    for (const auto format : {at::MemoryFormat::ChannelsLast, at::MemoryFormat::Contiguous}) {
      const at::Tensor x = draw({3, 5, 2, 4}).detach().contiguous(format).requires_grad_();
      check_equal(fused, {plain}, x, 1e-13);
      check_second_derivative(fused, plain, x, 1e-12);
      CHECK(fused->forward(x).permute({0, 2, 3, 1}).is_contiguous());
    }
  }
  const ModulePtr pool = build(avg_pool("1", 2), stream);
  const ModulePtr point = built(conv("0", 3, 6, 1, 0), stream);
  const ModulePtr before = raise_pool(point, pool).module;
  CHECK(fuse_pixel_product(before).module == before);
  CHECK(std::dynamic_pointer_cast<Pointwise>(before)->conv() != point);
  check_equal(before, {point, pool}, draw({2, 3, 4, 6}), 1e-13);
  CHECK(fuse_pixel_product(build(conv("0", 3, 6, 3, 1), stream)).module == nullptr);
  CHECK(fuse_pixel_product(build(conv("0", 3, 6, 1, 0, 2), stream)).module == nullptr);  // strided
  CHECK(fuse_pixel_product(build(conv("0", 3, 6, 1, 1), stream)).module == nullptr);     // padded
}

TEST_CASE("what comes back from rows is laid out as images are: their channels last") {
  RandomStream stream(0);
  const Layer curve = layer("silu", "0"), rows = layer("flatten", "1");
  Sequential network({curve, rows, linear("2", 17 * 35 * 31, 1)}, stream);
  const Plan plan(network, Precision::kFloat32);
  const at::Tensor x = at::randn({2, 17, 35, 31}).contiguous(at::MemoryFormat::ChannelsLast);
  x.requires_grad_();
  const auto gradient = [&](const at::Tensor& score) {
    return torch::autograd::grad({score.sum()}, {x})[0];
  };
  const at::Tensor found = gradient(plan.forward(x));
  CHECK(found.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(at::allclose(found, gradient(network.forward(x, {})), 1e-5, 1e-6));
  for (const at::Tensor& other : {x.contiguous(), x.to(at::kDouble), x.narrow(2, 1, 3)}) {
    CHECK(channels_last(other).is_contiguous(at::MemoryFormat::ChannelsLast));
    CHECK(at::equal(channels_last(other), other));
    CHECK(channels_first(other).is_contiguous());
    CHECK(at::equal(channels_first(other), other));
  }
}

TEST_CASE("what is summed lies in one layout") {
  RandomStream stream(0);
  const Layer main =
      layer("sequential", "main", {},
            {layer("flatten", "0"), layer("unflatten", "1", {{"shape", Shape{6, 2, 4}}}),
             layer("silu", "2")});
  const at::Tensor x = at::randn({3, 6, 2, 4}).contiguous(at::MemoryFormat::ChannelsLast);
  const auto planned = [&](const Layer& one) {
    return Plan(Sequential({one}, stream), Precision::kFloat32).forward(x);
  };
  CHECK(planned(main).is_contiguous());
  CHECK(planned(layer("residual", "0", {}, {main})).is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST_CASE(
    "convolutions that oneDNN misreads with channels last equal those with channels first: 1e-5") {
  struct Case {
    const char* type;
    Shape image, kernel, stride, padding, dilation;
  };
  const Shape one{1, 1}, none{0, 0};
  const std::vector<Case> cases{
      // Every column of the output lies in the padding: a crash.
      {"conv2d", {1, 5, 1}, {2, 2}, {2, 2}, {3, 3}, {2, 2}},
      {"conv2d", {6, 3, 2}, {3, 1}, {1, 4}, {1, 2}, {2, 3}},
      {"conv2d", {16, 4, 1}, {1, 1}, {3, 3}, {4, 4}, one},
      // One column is left of one channel: what lies behind the image was read.
      {"conv2d", {1, 6, 5}, {5, 5}, {1, 2}, none, one},
      {"conv2d", {1, 5, 3}, {2, 5}, {1, 4}, one, one},
      {"convTranspose2d", {1, 6, 1}, {4, 4}, {1, 2}, {0, 1}, one},
      {"convTranspose2d", {8, 4, 1}, {5, 5}, {1, 2}, {2, 1}, one},
  };
  RandomStream stream(0);
  for (const Case& one_case : cases) {
    const bool is_transposed = one_case.type == std::string("convTranspose2d");
    const double channels = static_cast<double>(one_case.image[0]);
    Layer one_layer =
        is_transposed ? transposed("0", channels, 1, 1, 1, 0) : conv("0", channels, 3, 1, 0);
    one_layer.options.set("kernelSize", one_case.kernel);
    one_layer.options.set("stride", one_case.stride);
    one_layer.options.set("padding", one_case.padding);
    one_layer.options.set("dilation", one_case.dilation);
    Sequential network({one_layer}, stream);
    Shape shape = one_case.image;
    shape.insert(shape.begin(), 7);
    const at::Tensor image = at::randn(shape, at::kFloat);
    const auto derived = [&](const Forward& forward, const at::Tensor& from) {
      const at::Tensor x = from.detach().requires_grad_();
      const at::Tensor y = forward(x, {});
      const at::Tensor weights = at::cos(at::arange(y.numel(), y.options())).view(y.sizes());
      const at::Tensor gradient = torch::autograd::grad({(y * weights).sum()}, {x})[0];
      return at::cat({y.detach().flatten(), gradient.flatten()}).to(at::kDouble);
    };
    const auto plain = [&](const at::Tensor& x, const Context& context) {
      return network.forward(x, context);
    };
    const at::Tensor expected = derived(plain, image);
    CAPTURE(one_case.type);
    CAPTURE(shape);
    for (const auto purpose : {Plan::Purpose::kTraining, Plan::Purpose::kPenalty}) {
      const Plan plan(network, Precision::kFloat32, purpose);
      const auto planned = [&](const at::Tensor& x, const Context& context) {
        return plan.forward(x, context);
      };
      CHECK(distance(derived(planned, image), expected) < 1e-5);
    }
  }
}
