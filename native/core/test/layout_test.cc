// Images as rows of pixels, and as rows of numbers: products of the one, gradients of the other.
#include <ATen/Parallel.h>

#include <cmath>

#include "core/step/plan.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/pixel_product.h"
#include "core/step/rewrites/pointwise.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/fenced_memory.h"
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

namespace {

struct Misread {
  const char* type;
  Shape image, kernel, stride, padding, dilation;
  double out = 3, groups = 1;
  Shape output_padding{0, 0};
};

Layer layer_of(const Misread& one) {
  const bool is_transposed = one.type == std::string("convTranspose2d");
  const double channels = static_cast<double>(one.image[0]);
  Layer layer = is_transposed ? transposed("0", channels, one.out, 1, 1, 0)
                              : conv("0", channels, one.out, 1, 0);
  layer.options.set("kernelSize", one.kernel);
  layer.options.set("stride", one.stride);
  layer.options.set("padding", one.padding);
  layer.options.set("dilation", one.dilation);
  layer.options.set("groups", one.groups);
  if (is_transposed) layer.options.set("outputPadding", one.output_padding);
  return layer;
}

at::Tensor seven_of(Shape shape) {
  shape.insert(shape.begin(), 7);
  return at::randn(shape, at::kFloat);
}

// What lies around then, where memory that was free is read.
void leave_nan_behind() {
  std::vector<at::Tensor> all;
  for (const int64_t count : {4, 16, 64, 200, 1000, 4000, 16000, 64000}) {
    for (int i = 0; i < 4; ++i) {
      all.push_back(at::full({count}, std::nan(""), at::TensorOptions(at::kBFloat16)));
    }
  }
}

// What a pass makes of an image, and the gradients for it and for the parameters.
at::Tensor derived(const Forward& forward, const at::Tensor& image, const Network& network) {
  std::vector<at::Tensor> from{image.detach().requires_grad_()};
  for (const at::Tensor& one : network.parameters()) from.push_back(one);
  leave_nan_behind();
  const at::Tensor y = forward(from[0], {}).to(at::kFloat);
  const at::Tensor weights = at::cos(at::arange(y.numel(), y.options())).view(y.sizes());
  std::vector<at::Tensor> all{y.detach().flatten()};
  const at::Tensor score = (y * weights).sum();
  leave_nan_behind();
  for (const at::Tensor& one : torch::autograd::grad({score}, from)) {
    all.push_back(one.flatten());
  }
  return at::cat(all).to(at::kDouble);
}

// The largest difference between the layer in that precision, as a plan has it with its channels
// last or by itself, and by itself in float32.
double apart(const Misread& one, Precision precision, bool is_planned,
             Plan::Purpose purpose = Plan::Purpose::kTraining) {
  RandomStream stream(0);
  Network network({layer_of(one)}, at::kCPU, at::kFloat, stream);
  const at::Tensor image = seven_of(one.image);
  const Plan plan(network.body(), precision, purpose);
  const auto plain = [&](auto& x, auto& context) { return network.body().forward(x, context); };
  const auto planned = [&](auto& x, auto& context) { return plan.forward(x, context); };
  const at::Tensor expected = derived(plain, image, network);
  const Autocast autocast(precision, at::kCPU);
  return distance(is_planned ? derived(planned, image, network) : derived(plain, image, network),
                  expected);
}

const Shape kOne{1, 1}, kUnpadded{0, 0};

}  // namespace

TEST_CASE(
    "convolutions that oneDNN misreads with channels last equal those with channels first: 1e-5") {
  const std::vector<Misread> cases{
      // Every column of the output lies in the padding: a crash.
      {"conv2d", {1, 5, 1}, {2, 2}, {2, 2}, {3, 3}, {2, 2}},
      {"conv2d", {6, 3, 2}, {3, 1}, {1, 4}, {1, 2}, {2, 3}},
      {"conv2d", {16, 4, 1}, {1, 1}, {3, 3}, {4, 4}, kOne},
      // One column is left of one channel: what lies behind the image was read.
      {"conv2d", {1, 6, 5}, {5, 5}, {1, 2}, kUnpadded, kOne},
      {"conv2d", {1, 5, 3}, {2, 5}, {1, 4}, kOne, kOne},
      {"convTranspose2d", {1, 6, 1}, {4, 4}, {1, 2}, {0, 1}, kOne, 1},
      {"convTranspose2d", {8, 4, 1}, {5, 5}, {1, 2}, {2, 1}, kOne, 1},
  };
  for (const Misread& one : cases) {
    CAPTURE(one.type);
    CAPTURE(one.image);
    for (const auto purpose : {Plan::Purpose::kTraining, Plan::Purpose::kPenalty}) {
      CHECK(apart(one, Precision::kFloat32, /*is_planned=*/true, purpose) < 1e-5);
    }
  }
}

TEST_CASE("convolutions that oneDNN misreads in bfloat16 equal float32 in any layout: 5e-2") {
  const std::vector<Misread> cases{
      // An image of fewer columns than a step: its weights' gradient.
      {"conv2d", {8, 2, 1}, {5, 5}, {2, 2}, {2, 2}, kOne},
      {"conv2d", {8, 5, 1}, {3, 3}, {3, 2}, kOne, kOne},
      {"conv2d", {16, 4, 2}, {3, 3}, {1, 3}, kOne, kOne, 16},
      {"conv2d", {6, 2, 1}, {4, 4}, {4, 4}, {2, 2}, kOne, 4, 2},
      {"convTranspose2d", {2, 3, 2}, {3, 3}, {1, 3}, {0, 2}, {2, 1}, 4, 2},
      {"convTranspose2d", {16, 3, 2}, {3, 3}, {1, 3}, {0, 2}, kOne, 32},
      {"convTranspose2d", {48, 4, 1}, {1, 2}, {1, 8}, kUnpadded, kOne, 8},
      // One column is left: what the convolution makes.
      {"conv2d", {16, 4, 4}, {4, 4}, {4, 4}, kUnpadded, kOne, 24},
      {"conv2d", {8, 8, 8}, {8, 8}, {8, 8}, kUnpadded, kOne},
      {"conv2d", {3, 1, 2}, {4, 4}, {1, 2}, {2, 1}, kOne, 6, 3},
      {"convTranspose2d", {4, 2, 1}, {5, 5}, {1, 4}, {0, 1}, kOne, 2, 2},
      // The same in any layout, with AMX: its values.
      {"conv2d", {3, 16, 4}, {3, 3}, {2, 2}, kUnpadded, kOne, 16},
      {"conv2d", {8, 8, 2}, {4, 4}, {2, 2}, kOne, kOne, 16},
      {"conv2d", {17, 5, 3}, {2, 2}, {1, 3}, kUnpadded, {1, 2}, 8},
      {"convTranspose2d", {16, 4, 1}, {4, 4}, {2, 2}, kOne, kOne, 8},
      {"convTranspose2d", {16, 6, 1}, {3, 3}, {2, 2}, kUnpadded, kOne, 8},
      {"convTranspose2d", {24, 3, 1}, {3, 3}, {2, 2}, {0, 1}, kOne, 8, 1, kOne},
      // What is made is wider than the kernel.
      {"convTranspose2d", {4, 3, 1}, {3, 2}, {2, 4}, kUnpadded, kOne, 3, 1, {1, 3}},
      // A wide kernel, and a long step.
      {"conv2d", {8, 8, 12}, {3, 8}, {2, 3}, kUnpadded, kOne, 16},
      {"conv2d", {12, 6, 26}, {1, 8}, kOne, {0, 3}, {1, 2}, 5},
      {"conv2d", {16, 8, 8}, {4, 4}, {4, 4}, kUnpadded, kOne, 16},
      {"conv2d", {16, 8, 48}, {4, 4}, {4, 4}, kUnpadded, kOne, 16},
      {"convTranspose2d", {16, 4, 5}, {3, 8}, {2, 3}, {1, 2}, kOne, 8, 1, {1, 2}},
      {"convTranspose2d", {16, 4, 5}, {4, 4}, {4, 4}, kUnpadded, kOne, 24},
  };
  for (const Misread& one : cases) {
    CAPTURE(one.type);
    CAPTURE(one.image);
    for (const bool is_planned : {false, true}) {
      CHECK(apart(one, Precision::kBfloat16, is_planned) < 5e-2);
    }
  }
}

TEST_CASE("1x1 convolutions with a stride write nowhere else, of few channels too: 1e-5") {
  const FencedMemory fenced;
  // Each has a part of that memory, and what one wrote beyond its own was another's.
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  const Shape two{2, 2};
  const std::vector<Misread> cases{
      {"conv2d", {3, 8, 12}, kOne, two, kUnpadded, kOne, 16},
      {"conv2d", {15, 6, 6}, kOne, {3, 2}, kUnpadded, kOne, 24},
      {"conv2d", {16, 8, 8}, kOne, two, kUnpadded, kOne, 16, 2},
      {"conv2d", {20, 8, 8}, kOne, two, kUnpadded, kOne, 16},
      {"convTranspose2d", {16, 8, 6}, kOne, two, kUnpadded, kOne, 3, 1, kOne},
      {"convTranspose2d", {24, 4, 6}, kOne, two, kUnpadded, kOne, 15, 1, kOne},
  };
  for (const Misread& one : cases) {
    CAPTURE(one.type);
    CAPTURE(one.image);
    for (const auto purpose : {Plan::Purpose::kTraining, Plan::Purpose::kPenalty}) {
      CHECK(apart(one, Precision::kFloat32, /*is_planned=*/true, purpose) < 1e-5);
    }
    CHECK(apart(one, Precision::kBfloat16, /*is_planned=*/true) < 5e-2);
  }
  at::set_num_threads(before);
}
