// Fewer multiplications, the same convolution: whatever this processor's rule says, in float64.
#include "core/step/rewrites/halving.h"

#include <ATen/Parallel.h>

#include "core/linalg/batch_product.h"
#include "core/step/rewrites/conv_pool.h"
#include "core/step/rewrites/upsample_conv.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

std::shared_ptr<Halving> with_less(const ModulePtr& module) {
  const auto form = as_halving(module);
  REQUIRE(form != nullptr);
  form->multiply_less();
  return form;
}

// Height and width of the small image, for tiles of 2x2 and, of so many images, of 4x4: some stand
// out.
constexpr int64_t kMany = 33;
const std::vector<std::pair<int64_t, int64_t>> kSizes = {{1, 1}, {2, 3}, {6, 6},
                                                         {5, 4}, {8, 8}, {7, 9}};

}  // namespace

TEST_CASE(
    "an image is halved and doubled with fewer multiplications as by torch: values, both "
    "derivatives") {
  RandomStream stream(0);
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 6}) {
    at::set_num_threads(threads);
    for (const auto& [height, width] : kSizes) {
      CAPTURE(height);
      CAPTURE(threads);
      const ModulePtr halving = built(conv("0", 5, 7, 4, 1, 2), stream);
      const ModulePtr doubling = built(transposed("0", 5, 7, 4, 2, 1), stream);
      const at::Tensor big = draw({kMany, 5, 2 * height, 2 * width});
      const at::Tensor small = draw({kMany, 5, height, width});
      for (const auto& [plain, image] : {std::pair{halving, big}, std::pair{doubling, small}}) {
        check_equal(with_less(plain), {plain}, image, 1e-12);
        check_second_derivative(with_less(plain), plain, image, 1e-11);
        const at::Tensor last = image.detach().contiguous(at::MemoryFormat::ChannelsLast);
        check_equal(with_less(plain), {plain}, last.requires_grad_(), 1e-12);
      }
    }
  }
  at::set_num_threads(before);
}

TEST_CASE(
    "an image is upsampled before, and pooled after, a convolution with fewer multiplications") {
  RandomStream stream(0);
  const ModulePtr up = build(upsample("0", 2), stream), pool = build(avg_pool("1", 2), stream);
  for (const auto& [height, width] : kSizes) {
    const ModulePtr plain = built(conv("1", 5, 7, 3, 1), stream);
    const ModulePtr doubling = with_less(fuse_upsample_conv(up, plain).module);
    check_equal(doubling, {up, plain}, draw({kMany, 5, height, width}), 1e-12);
    const ModulePtr halving = with_less(fuse_conv_pool(plain, pool).module);
    check_equal(halving, {plain, pool}, draw({kMany, 5, 2 * height, 2 * width}), 1e-12);
  }
}

TEST_CASE("threads share the sums of a halving weight by phases, by tiles and by channels") {
  RandomStream stream(0);
  const int before = at::get_num_threads();
  at::set_num_threads(16);
  const ModulePtr plain = built(conv("0", 3, 36, 4, 1, 2), stream);
  check_equal(with_less(plain), {plain}, draw({140, 3, 16, 16}), 1e-12);
  at::set_num_threads(before);
}

TEST_CASE("rows with a line between them are halved and doubled as any others") {
  RandomStream stream(0);
  // Four phases of 64 channels side by side are 2 KiB.
  const ModulePtr halving = built(conv("0", 64, 3, 4, 1, 2), stream);
  check_equal(with_less(halving), {halving}, draw({3, 64, 6, 8}), 1e-11);
  const ModulePtr doubling = built(transposed("0", 3, 256, 4, 2, 1), stream);
  check_equal(with_less(doubling), {doubling}, draw({3, 3, 3, 4}), 1e-12);
}

TEST_CASE("few images are halved in tiles of 2x2, whose rounding errors are small") {
  RandomStream stream(0);
  const ModulePtr plain = build(conv("0", 48, 40, 4, 1, 2), stream);
  check_rounding(with_less(plain), plain, at::randn({15, 48, 16, 16}), 4);
}

TEST_CASE(
    "halving's errors in float32 are libtorch's in tiles of 2x2, and ten times those in tiles of "
    "4x4: more tiles than one thread has in hand") {
  RandomStream stream(0);
  const ModulePtr plain = build(conv("0", 48, 40, 4, 1, 2), stream);
  check_rounding(with_less(plain), plain, at::randn({40, 48, 12, 12}), 4);
  check_rounding(with_less(plain), plain, at::randn({40, 48, 16, 16}), 16);
}

TEST_CASE("no images are halved to none, and have gradients of 0") {
  RandomStream stream(0);
  const ModulePtr plain = built(conv("0", 5, 7, 4, 1, 2), stream);
  const at::Tensor made = with_less(plain)->forward(draw({0, 5, 4, 4}), {});
  CHECK(made.sizes() == at::IntArrayRef({0, 7, 2, 2}));
  const auto gradients = torch::autograd::grad({made.sum()}, plain->parameters());
  CHECK(gradients[0].abs().max().item<double>() == 0);
}

TEST_CASE("an image of odd sides is halved as ever, and other convolutions are left alone") {
  RandomStream stream(0);
  const ModulePtr plain = built(conv("0", 5, 7, 4, 1, 2), stream);
  check_equal(with_less(plain), {plain}, draw({2, 5, 5, 7}), 1e-13);
  CHECK(as_halving(build(conv("0", 5, 7, 3, 1, 2), stream)) == nullptr);
  CHECK(as_halving(build(conv("0", 5, 7, 4, 1, 1), stream)) == nullptr);
  CHECK(as_halving(build(conv("0", 5, 7, 4, 0, 2), stream)) == nullptr);
  CHECK(as_halving(build(transposed("0", 5, 7, 4, 2, 0), stream)) == nullptr);
  CHECK(as_halving(build(transposed("0", 5, 7, 4, 1, 1), stream)) == nullptr);
  CHECK(as_halving(build(linear("0", 3, 2), stream)) == nullptr);
}

TEST_CASE("halving is a rewrite where there are channels enough, and batched products are fast") {
  RandomStream stream(0);
  const Verdict few = fuse_halving(build(conv("0", 31, 64, 4, 1, 2), stream));
  CHECK(few.module == nullptr);
  CHECK(few.reason != "");
  const Verdict many = fuse_halving(build(transposed("0", 64, 32, 4, 2, 1), stream));
  CHECK((many.module != nullptr) == multiplies_batches_well());
  CHECK(many.reason.empty() == multiplies_batches_well());
  CHECK(fuse_halving(build(linear("0", 3, 2), stream)).reason.empty());
}
