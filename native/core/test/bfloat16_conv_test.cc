// Small whole numbers, whose products and sums bfloat16 and float32 hold exactly: so all of it has
// to equal float64 to the last bit. Where there are no tiles, plain loops multiply.
#include "core/step/rewrites/bfloat16_conv.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "core/linalg/bfloat16_loops.h"
#include "core/linalg/bfloat16_product.h"
#include "core/nn/sequential.h"
#include "core/nn/weighted.h"
#include "core/step/plan.h"
#include "core/step/rewrites/bfloat16_conv_kernels.h"
#include "core/step/rewrites/upsample_conv.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/fenced_memory.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

at::Tensor half(const at::Tensor& image) {
  return image.to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
}
bool same(const at::Tensor& ours, const at::Tensor& exact) {
  return at::equal(ours.to(at::kDouble), exact);
}

struct Geometry {
  int64_t big, small;  // channels
  Shape size;          // of the big image
  Shape kernel, stride, padding;
};

const std::vector<Geometry> kGeometries = {
    {16, 16, {8, 8}, {4, 4}, {2, 2}, {1, 1}},
    {32, 48, {8, 6}, {4, 4}, {2, 2}, {1, 1}},
    {48, 16, {7, 9}, {3, 3}, {1, 1}, {1, 1}},
    {16, 80, {5, 5}, {3, 3}, {2, 2}, {1, 1}},
    {64, 128, {4, 4}, {4, 4}, {1, 1}, {0, 0}},
    // A kernel smaller than its steps, and not square; padding beyond it.
    {16, 32, {9, 8}, {1, 2}, {3, 2}, {0, 1}},
    {32, 16, {3, 11}, {2, 5}, {1, 3}, {2, 0}},
    {16, 16, {1, 1}, {3, 3}, {2, 2}, {1, 1}},
    {512, 16, {6, 4}, {5, 3}, {1, 2}, {2, 1}},
};

struct Threads {
  Threads() : before(at::get_num_threads()) {}
  ~Threads() { at::set_num_threads(before); }
  int before;
};

void check_geometry(const Geometry& one, int64_t samples) {
  const at::Tensor weight = whole({one.small, one.big, one.kernel[0], one.kernel[1]});
  const at::Tensor big = whole({samples, one.big, one.size[0], one.size[1]});
  const at::Tensor bias = whole({one.small}), other = whole({one.big});
  const at::Tensor w = weight.to(at::kDouble), x = big.to(at::kDouble);
  const at::Tensor exact = at::conv2d(x, w, bias.to(at::kDouble), one.stride, one.padding);
  const bfloat16_conv::Steps steps{one.stride, one.padding};
  CHECK(same(bfloat16_conv::to_small(half(big), weight, bias, steps), exact));
  const at::Tensor small = whole(Shape(exact.sizes().begin(), exact.sizes().end()));
  const auto [of_big, of_weight, _] =
      at::convolution_backward(small.to(at::kDouble), x, w, std::nullopt, one.stride, one.padding,
                               {1, 1}, false, {0, 0}, 1, {true, true, false});
  const at::Tensor made =
      bfloat16_conv::to_big(half(small), weight, other, steps, one.size[0], one.size[1]);
  CHECK(same(made, of_big + other.to(at::kDouble).view({-1, 1, 1})));
  CHECK(same(bfloat16_conv::weight_gradient(half(big), half(small), steps, weight.sizes()),
             of_weight));
}

}  // namespace

TEST_CASE("convolutions by tiles, both ways, and their weights' gradients equal float64 exactly") {
  at::manual_seed(0);
  const Threads threads;
  const FencedMemory fenced;
  for (const int count : {1, 2, 6}) {
    at::set_num_threads(count);
    for (size_t i = 0; i < kGeometries.size(); ++i) {
      CAPTURE(count);
      CAPTURE(i);
      for (const int64_t samples : {1, 7}) check_geometry(kGeometries[i], samples);
    }
  }
}

TEST_CASE("many pixels go through tiles in shares, and many threads share the channels") {
  at::manual_seed(1);
  const Threads threads;
  const Geometry wide{32, 64, {12, 12}, {3, 3}, {1, 1}, {1, 1}};
  const Geometry deep{64, 512, {8, 8}, {4, 4}, {2, 2}, {1, 1}};
  for (const int count : {2, 16}) {
    at::set_num_threads(count);
    check_geometry(wide, 9);
    check_geometry(deep, 33);
  }
}

TEST_CASE("sums become the bfloat16 that libtorch makes of them, whatever they are") {
  at::manual_seed(2);
  const float most = std::numeric_limits<float>::max(), none = std::numeric_limits<float>::min();
  at::Tensor sums = at::cat(
      {at::randn({999}) * 300, at::tensor({257.0f, 259.0f, -257.0f, 0.0f, -0.0f, most, -most,
                                           none / 3, INFINITY, -INFINITY, NAN, 1.00390625f,
                                           // Counted up, its bits would be those of -0.
                                           std::bit_cast<float>(0x7fffffff)})});
  const at::Tensor bias = at::randn_like(sums);
  at::Tensor made = at::empty_like(sums, at::kBFloat16);
  bfloat16::round(sums.const_data_ptr<float>(), nullptr, sums.numel(),
                  made.mutable_data_ptr<at::BFloat16>());
  CHECK(at::allclose(made, sums.to(at::kBFloat16), 0, 0, /*equal_nan=*/true));
  bfloat16::round(sums.const_data_ptr<float>(), bias.const_data_ptr<float>(), sums.numel(),
                  made.mutable_data_ptr<at::BFloat16>());
  CHECK(at::allclose(made, (sums + bias).to(at::kBFloat16), 0, 0, /*equal_nan=*/true));
}

TEST_CASE("weights are rounded to the nearest, as autocast rounds them") {
  at::manual_seed(3);
  const at::Tensor weight = at::randn({16, 32, 3, 3}), one = at::zeros({1, 32, 3, 3});
  const bfloat16_conv::Steps steps{{1, 1}, {0, 0}};
  // Of an image with one pixel of one channel, the output is the weight.
  const at::Tensor small =
      bfloat16_conv::to_big(half(at::eye(16).view({16, 16, 1, 1})), weight, {}, steps, 3, 3);
  CHECK(at::equal(small, weight.to(at::kBFloat16)));
}

namespace {

// All that comes of a layer, its second derivatives included, for an image and what it is summed
// with; in the order of the three bilinear functions.
std::vector<at::Tensor> derivatives(Module& layer, const at::Tensor& weight,
                                    const at::Tensor& image, at::ScalarType type, uint64_t seed) {
  at::manual_seed(seed);
  const at::Tensor x = image.to(type).requires_grad_();
  const at::Tensor made = layer.forward(x);
  const at::Tensor by =
      whole(Shape(made.sizes().begin(), made.sizes().end())).to(made.dtype()).requires_grad_();
  const auto first = torch::autograd::grad({(made * by).sum()}, {x, weight}, {}, true, true);
  const at::Tensor along = whole(Shape(x.sizes().begin(), x.sizes().end())).to(type);
  const at::Tensor with = whole(Shape(weight.sizes().begin(), weight.sizes().end())).to(type);
  const auto of_image = torch::autograd::grad({(first[0] * along).sum()}, {by, weight}, {}, true);
  const auto of_weight = torch::autograd::grad({(first[1] * with).sum()}, {by, x}, {}, true);
  return {made, first[0], first[1], of_image[0], of_image[1], of_weight[0], of_weight[1]};
}

void check_layer(const Layer& description, const at::Tensor& image) {
  RandomStream stream(0);
  const auto plain = std::dynamic_pointer_cast<Weighted>(build(description, stream));
  REQUIRE(plain != nullptr);
  {
    const at::NoGradGuard guard;
    for (const at::Tensor& one : plain->parameters()) one.copy_(whole(one.sizes().vec()));
  }
  const ModulePtr form = as_bfloat16_conv(plain);
  REQUIRE(form != nullptr);
  const auto ours = derivatives(*form, plain->weight(), image, at::kFloat, 5);
  plain->to(at::kDouble);
  const auto theirs = derivatives(*plain, plain->weight(), image, at::kDouble, 5);
  for (size_t i = 0; i < theirs.size(); ++i) {
    CAPTURE(i);
    CHECK(same(ours[i], theirs[i].detach()));
  }
}

}  // namespace

TEST_CASE(
    "a layer in bfloat16, with its second derivatives, equals float64 on both sides of what "
    "goes by tiles") {
  at::manual_seed(4);
  for (const int64_t columns : {4, 5, 8, 9, 16, 17}) {
    CAPTURE(columns);
    check_layer(conv("0", 16, 32, 4, 1, 2), whole({3, 16, 4, 2 * columns}));
    check_layer(conv("0", 32, 16, 3, 1), whole({3, 32, 3, columns}));
    check_layer(conv("0", 16, 16, 1, 0), whole({3, 16, 3, columns}));
    check_layer(transposed("0", 32, 16, 4, 2, 1), whole({3, 32, 2, columns}));
  }
}

TEST_CASE(
    "a plan in bfloat16 has products by tiles where the processor has tiles, and else says so") {
  RandomStream stream(0);
  const Sequential suited({upsample("0", 2), conv("1", 16, 32, 3, 1), conv("2", 32, 32, 4, 1, 2),
                           conv("3", 32, 1, 4, 1, 2)},
                          stream);
  const auto count = [](const Plan& plan) {
    const auto all = rewrites_of(plan);
    return std::count(all.begin(), all.end(), "bfloat16Conv");
  };
  CHECK(count(Plan(suited, Precision::kBfloat16)) == (has_tiles() ? 2 : 0));
  CHECK(count(Plan(suited, Precision::kFloat32)) == 0);
  const std::string few = "it needs numbers of channels that 16 divides, one group, no dilation";
  const Plan plan(suited, Precision::kBfloat16);
  const Operation last = plan.operations().back();
  REQUIRE(last.refusals.size() == 1);
  CHECK(last.refusals[0].reason == (has_tiles() ? few : "the processor has no tiles (AMX)"));
}
