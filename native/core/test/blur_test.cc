// The low-pass filter by loops of its own is libtorch's convolution with it.
#include "core/step/rewrites/blur.h"

#include <ATen/Parallel.h>

#include <cstdlib>

#include "core/step/plan.h"
#include "core/step/rewrites/blur_kernels.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

struct Case {
  double stride;
  Shape padding;  // left, right, top, bottom
};

// More zeros than the filter is wide, none, and another number on each side.
const std::vector<Case> kCases{
    {1, {2, 1, 2, 1}}, {1, {2, 2, 2, 2}}, {1, {1, 1, 1, 1}}, {1, {0, 0, 0, 0}}, {1, {5, 0, 1, 6}},
    {2, {1, 1, 1, 1}}, {2, {2, 1, 0, 5}}, {2, {0, 0, 0, 0}}, {3, {4, 0, 2, 3}}, {5, {1, 1, 2, 2}}};

}  // namespace

TEST_CASE("the filter by its own loops equals the convolution: values, both derivatives, borders") {
  RandomStream stream(0);
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    for (const auto& [stride, padding] : kCases) {
      const ModulePtr plain = build(blur("0", stride, padding), stream);
      const ModulePtr fused = fuse_blur(plain).module;
      REQUIRE(fused != nullptr);
      for (const auto& [channels, height, width] : std::vector<std::array<int64_t, 3>>{
               {1, 4, 4}, {3, 5, 9}, {16, 7, 6}, {33, 4, 8}, {5, 33, 34}}) {
        CAPTURE(stride);
        CAPTURE(padding[0]);
        CAPTURE(channels);
        CAPTURE(height);
        const at::Tensor x = draw({channels == 16 ? 1 : 3, channels, height, width});
        check_equal(fused, {plain}, x, 1e-13);
        check_second_derivative(fused, plain, x, 1e-12);
        const at::Tensor last = x.detach().contiguous(at::MemoryFormat::ChannelsLast);
        check_equal(fused, {plain}, last.requires_grad_(), 1e-13);
        CHECK(fused->forward(x).permute({0, 2, 3, 1}).is_contiguous());
      }
    }
  }
  at::set_num_threads(before);
}

TEST_CASE("the filter sees images that are smaller than it, with zeros around them") {
  RandomStream stream(0);
  const ModulePtr plain = build(blur("0", 1, {3, 2, 2, 3}), stream);
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {1, 5}, {2, 1}}) {
    check_equal(fuse_blur(plain).module, {plain}, draw({2, 3, height, width}), 1e-13);
  }
}

TEST_CASE("the filter by its own loops rounds as the convolution does, and is one of its plan") {
  RandomStream stream(0);
  const ModulePtr plain = build(blur("0", 1, {2, 1, 2, 1}), stream);
  check_rounding(fuse_blur(plain).module, plain, at::randn({7, 9, 15, 12}), 2);
  CHECK(fuse_blur(build(avg_pool("0", 2), stream)).module == nullptr);
  const Layer image = layer("unflatten", "0", {{"shape", Shape{1, 4, 4}}});
  const Sequential network({image, blur("1", 1, {2, 1, 2, 1})}, stream);
  CHECK(rewrites_of(Plan(network, Precision::kFloat32)) == std::vector<std::string>{"blur"});
  CHECK(rewrites_of(Plan(network, Precision::kBfloat16)) == std::vector<std::string>{"blur"});
}

// Sums of 64ths of -1, 0 and 1 have eight digits, which is what bfloat16 has.
TEST_CASE("the filter in bfloat16 rounds once, so small whole numbers not at all") {
  RandomStream stream(0);
  at::manual_seed(0);
  for (const auto& [stride, padding] : kCases) {
    const ModulePtr plain = build(blur("0", stride, padding), stream);
    const ModulePtr fused = fuse_blur(plain).module;
    for (const int64_t channels : {1, 16, 33}) {
      CAPTURE(stride);
      CAPTURE(channels);
      const auto both = [&](Module& module, at::ScalarType type) {
        at::manual_seed(1);
        const at::Tensor x = whole({2, channels, 7, 6}).to(type).requires_grad_();
        const at::Tensor made = module.forward(x);
        const at::Tensor by = whole(made.sizes().vec()).to(type);
        return std::pair(made, torch::autograd::grad({made}, {x}, {by})[0]);
      };
      const auto [made, gradient] = both(*fused, at::kBFloat16);
      const auto [exact, exact_gradient] = both(*plain, at::kDouble);
      CHECK((made.scalar_type() == at::kBFloat16));
      CHECK(at::equal(made.to(at::kDouble), exact));
      CHECK(at::equal(gradient.to(at::kDouble), exact_gradient));
    }
  }
}

// What it works in and an image of few pixels are neighbours now and then. A loop that asked how
// far apart they are, and rounded otherwise where it is little, made other bits of one in 1,000
// trainings.
TEST_CASE("the filter has the same bits wherever its memory lies") {
  const BlurPass pass{1, 1, 2, 2, 4, 8, 4, 8, 1};
  const at::Tensor x = at::arange(32).sin().view({1, 1, 4, 8});
  const at::Tensor expected = blurred(x, pass);
  // Images, and behind each the room for a row of the filter, which takes what was freed last.
  const size_t room = 11 * sizeof(float);
  std::vector<void*> images(1000), rows(1000);
  for (size_t i = 0; i < images.size(); ++i) {
    images[i] = std::malloc(x.nbytes() + 8);
    rows[i] = std::malloc(room);
  }
  for (size_t i = 0; i < images.size(); ++i) {
    const at::Tensor copy = at::from_blob(images[i], x.sizes(), x.options()).copy_(x);
    std::free(rows[i]);
    CHECK(at::equal(blurred(copy, pass), expected));
    rows[i] = std::malloc(room);
  }
  for (size_t i = 0; i < images.size(); ++i) std::free(images[i]), std::free(rows[i]);
}
