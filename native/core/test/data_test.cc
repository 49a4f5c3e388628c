#include "core/data/dataset.h"
#include "core/data/sampler.h"
#include "core/io/grid.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;

TEST_CASE("an epoch visits every image once, the last batch is what is left, and epochs differ") {
  Sampler sampler(10, 4, std::make_shared<RandomStream>(1));
  CHECK(sampler.batches_per_epoch() == 3);
  std::vector<at::Tensor> epochs;
  for (int epoch = 0; epoch < 2; ++epoch) {
    const at::Tensor a = sampler.next(), b = sampler.next(), c = sampler.next();
    CHECK(c.size(0) == 2);
    epochs.push_back(at::cat({a, b, c}));
    CHECK(at::equal(std::get<0>(at::sort(epochs.back())), at::arange(10)));
  }
  CHECK_FALSE(at::equal(epochs[0], epochs[1]));
}

TEST_CASE("bytes become [-1, 1] with the arithmetic of ToTensor and Normalize") {
  const at::Tensor bytes = at::arange(256).to(at::kByte).reshape({4, 1, 8, 8});
  const Dataset dataset(bytes, at::kCPU, at::tensor({5, 6, 7, 8}, at::kByte));
  const Batch both = dataset.batch(at::tensor({3, 0}, at::kLong), at::kFloat);
  CHECK(at::equal(both.labels, at::tensor({8, 5}, at::kLong)));
  const at::Tensor& batch = both.images;
  const at::Tensor expected =
      (bytes.index({at::tensor({3, 0}, at::kLong)}).to(at::kFloat) / 255 - 0.5) / 0.5;
  CHECK(at::equal(batch, expected));
  CHECK(batch.max().item<float>() == 1);
  CHECK(batch.min().item<float>() == -1);
}

TEST_CASE("resizing keeps a flat image flat, leaves the right size alone and never leaves 0..255") {
  const at::Tensor flat = at::full({5000, 1, 28, 28}, 77, at::kByte);
  const at::Tensor larger = resize_images(flat, 32, 32);
  CHECK(larger.sizes() == at::IntArrayRef({5000, 1, 32, 32}));
  CHECK(larger.min().item<int>() == 77);
  CHECK(larger.max().item<int>() == 77);
  CHECK(resize_images(flat, 28, 28).is_same(flat));
  // A checkerboard of extremes is where a filter would overshoot and wrap around.
  const at::Tensor board =
      ((at::arange(28).reshape({28, 1}) + at::arange(28)) % 2 * 255).to(at::kByte);
  const at::Tensor smaller = resize_images(board.reshape({1, 1, 28, 28}), 14, 14);
  CHECK(smaller.to(at::kFloat).mean().item<double>() == doctest::Approx(127.5).epsilon(0.02));
}

TEST_CASE("a grid stands on black, row by row, stretched from the smallest to the largest value") {
  at::Tensor images = at::zeros({3, 1, 1, 2});
  images[0].fill_(-3);
  images[1].fill_(-1);
  images[2].fill_(1);
  const at::Tensor grid = render_grid(images, {2, 1, true});
  REQUIRE(grid.sizes() == at::IntArrayRef({5, 7, 3}));
  const at::Tensor red = grid.select(2, 0).to(at::kLong);
  CHECK(at::equal(red[1], at::tensor({0, 0, 0, 0, 128, 128, 0}, at::kLong)));
  CHECK(at::equal(red[3], at::tensor({0, 255, 255, 0, 0, 0, 0}, at::kLong)));
  CHECK(at::equal(grid.select(2, 1), grid.select(2, 2)));
}
