// 3x3 convolutions with fewer multiplications are the same ones: whatever this processor's rule
// says, in float64.
#include "core/step/rewrites/same_conv.h"

#include <ATen/Parallel.h>

#include "core/linalg/batch_product.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

Layer grouped(double in, double out, double groups) {
  Layer one = conv("0", in, out, 3, 1);
  one.options.set("groups", groups);
  return one;
}

}  // namespace

TEST_CASE(
    "a 3x3 convolution with fewer multiplications equals torch's: values, both derivatives, odd "
    "sides") {
  RandomStream stream(0);
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 6}) {
    at::set_num_threads(threads);
    for (const auto& [height, width] :
         {std::pair<int64_t, int64_t>{1, 1}, {2, 3}, {6, 6}, {5, 4}, {8, 8}, {11, 6}}) {
      CAPTURE(height);
      CAPTURE(threads);
      const ModulePtr plain = built(conv("0", 5, 7, 3, 1), stream);
      const ModulePtr less = as_same_conv(plain);
      const at::Tensor image = draw({33, 5, height, width});
      check_equal(less, {plain}, image, 1e-12);
      check_second_derivative(less, plain, image, 1e-11);
      const at::Tensor last = image.detach().contiguous(at::MemoryFormat::ChannelsLast);
      check_equal(less, {plain}, last.requires_grad_(), 1e-12);
    }
  }
  at::set_num_threads(before);
}

TEST_CASE("threads share the sums of a 3x3 weight by tiles and by channels") {
  RandomStream stream(0);
  const int before = at::get_num_threads();
  at::set_num_threads(6);
  const ModulePtr plain = built(conv("0", 3, 36, 3, 1), stream);
  check_equal(as_same_conv(plain), {plain}, draw({140, 3, 8, 8}), 1e-12);
  at::set_num_threads(before);
}

TEST_CASE("a 3x3 convolution in groups equals torch's: values, both derivatives, sums by threads") {
  RandomStream stream(0);
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 6}) {
    at::set_num_threads(threads);
    CAPTURE(threads);
    for (const Layer& one : {grouped(6, 4, 2), grouped(6, 9, 3), grouped(5, 5, 5)}) {
      const ModulePtr plain = built(one, stream);
      const ModulePtr less = as_same_conv(plain);
      const double in = one.options.number("inChannels");
      for (const int64_t side : {3, 8}) {
        const at::Tensor image = draw({33, static_cast<int64_t>(in), side, side + 1});
        check_equal(less, {plain}, image, 1e-12);
        check_second_derivative(less, plain, image, 1e-11);
      }
    }
    const ModulePtr wide = built(grouped(32, 64, 4), stream);
    check_equal(as_same_conv(wide), {wide}, draw({140, 32, 4, 4}), 1e-12);
  }
  at::set_num_threads(before);
  const ModulePtr plain = build(grouped(64, 32, 2), stream);
  check_rounding(as_same_conv(plain), plain, at::randn({7, 64, 8, 8}), 4);
  check_rounding(as_same_conv(plain), plain, at::randn({20, 64, 15, 12}), 16);
}

TEST_CASE(
    "rows with a line between them, of 256 channels, are convolved and summed as any others") {
  RandomStream stream(0);
  const ModulePtr into = built(conv("0", 3, 256, 3, 1), stream);
  check_equal(as_same_conv(into), {into}, draw({3, 3, 5, 4}), 1e-12);
  const ModulePtr from = built(conv("0", 256, 3, 3, 1), stream);
  check_equal(as_same_conv(from), {from}, draw({3, 256, 5, 4}), 1e-11);
}

TEST_CASE("few images go through 3x3 in tiles of 2x2, whose rounding errors are small") {
  RandomStream stream(0);
  const ModulePtr plain = build(conv("0", 48, 40, 3, 1), stream);
  check_rounding(as_same_conv(plain), plain, at::randn({7, 48, 8, 8}), 4);
}

TEST_CASE(
    "a 3x3 convolution's errors in float32 are libtorch's in tiles of 2x2, and ten times those in "
    "tiles of 4x4: more tiles than one thread holds") {
  RandomStream stream(0);
  const ModulePtr plain = build(conv("0", 48, 40, 3, 1), stream);
  check_rounding(as_same_conv(plain), plain, at::randn({80, 48, 6, 6}), 4);
  check_rounding(as_same_conv(plain), plain, at::randn({20, 48, 15, 12}), 16);
}

TEST_CASE(
    "a 3x3 convolution within spectral normalisation has the weight of the pass, and its "
    "gradient") {
  RandomStream stream(0);
  const Options options{{"nPowerIterations", 1.0}, {"eps", 1e-12}};
  const auto layer_of = [&] {
    RandomStream same(5);
    return built(layer("spectralNorm", "0", options, {conv("0", 4, 6, 3, 1)}), same);
  };
  const ModulePtr plain = layer_of(), other = layer_of();
  const ModulePtr less = as_same_conv(other);
  REQUIRE(less != nullptr);
  const at::Tensor image = draw({3, 4, 5, 6});
  const Context context{{}, &stream};
  const at::Tensor wanted = plain->forward(image, context), made = less->forward(image, context);
  CHECK(distance(made, wanted) < 1e-12);
  const auto gradient_of = [&](const at::Tensor& output, const ModulePtr& module) {
    return torch::autograd::grad({output.square().sum()}, module->parameters());
  };
  const auto theirs = gradient_of(wanted, plain), ours = gradient_of(made, other);
  REQUIRE(ours.size() == theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) CHECK(distance(ours[i], theirs[i]) < 1e-12);
}

TEST_CASE(
    "convolutions other than 3x3 are left alone, and those are rewritten only where it pays") {
  RandomStream stream(0);
  CHECK(as_same_conv(build(conv("0", 5, 7, 3, 0), stream)) == nullptr);
  CHECK(as_same_conv(build(conv("0", 5, 7, 3, 1, 2), stream)) == nullptr);
  CHECK(as_same_conv(build(conv("0", 5, 7, 5, 2), stream)) == nullptr);
  CHECK(as_same_conv(build(conv("0", 5, 7, 1, 0), stream)) == nullptr);
  CHECK(as_same_conv(build(linear("0", 3, 2), stream)) == nullptr);
  const bool pays = multiplies_batches_by_blocks();
  const Verdict many = fuse_same_conv(build(conv("0", 32, 64, 3, 1), stream));
  CHECK((many.module != nullptr) == pays);
  CHECK(many.reason.empty() == pays);
  CHECK(fuse_same_conv(build(conv("0", 31, 64, 3, 1), stream)).module == nullptr);
  CHECK(!fuse_same_conv(build(conv("0", 31, 64, 3, 1), stream)).reason.empty());
  CHECK((fuse_same_conv(build(grouped(32, 64, 2), stream)).module != nullptr) == pays);
  for (const Layer& few : {grouped(60, 64, 4), grouped(64, 60, 4), grouped(16, 16, 1)}) {
    const Verdict verdict = fuse_same_conv(build(few, stream));
    CHECK(verdict.module == nullptr);
    CHECK(!verdict.reason.empty());
  }
}

TEST_CASE("no images are convolved to none, and have gradients of 0") {
  RandomStream stream(0);
  const ModulePtr plain = built(conv("0", 5, 7, 3, 1), stream);
  const at::Tensor made = as_same_conv(plain)->forward(draw({0, 5, 4, 4}), {});
  CHECK(made.sizes() == at::IntArrayRef({0, 7, 4, 4}));
  const auto gradients = torch::autograd::grad({made.sum()}, plain->parameters());
  CHECK(gradients[0].abs().max().item<double>() == 0);
}
