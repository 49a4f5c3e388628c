#include <cstdio>

#include "core/data/dataset.h"
#include "core/data/flip.h"
#include "core/data/levels.h"
#include "core/data/resize.h"
#include "core/data/sampler.h"
#include "core/data/stack.h"
#include "core/error.h"
#include "core/io/grid.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;

TEST_CASE("an epoch visits every image once, the last batch is what is left, and epochs differ") {
  Sampler sampler(10, 4, std::make_shared<RandomStream>(1));
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

TEST_CASE("bytes become another range where one is asked for; [0, 1] is ToTensor alone") {
  const at::Tensor bytes = at::arange(256).to(at::kByte).reshape({1, 1, 16, 16});
  const Dataset dataset(bytes, at::kCPU);
  const at::Tensor first = at::zeros({1}, at::kLong), unit = bytes.to(at::kFloat) / 255;
  CHECK(at::equal(dataset.batch(first, at::kFloat, {0, 1}).images, unit));
  CHECK(at::allclose(dataset.batch(first, at::kFloat, {-2, 6}).images, unit * 8 - 2));
}

TEST_CASE(
    "a table has each byte as tensors would compute it, to the bit; no image of another set") {
  const at::Tensor bytes = at::arange(256).to(at::kByte).reshape({16, 1, 4, 4});
  for (const Range range :
       {Range{-1, 1}, Range{0, 1}, Range{-2, 6}, Range{0.1, 0.7}, Range{1, 0}}) {
    const double deviation = 1 / (range.white - range.black), mean = -range.black * deviation;
    const at::Tensor expected = bytes.to(at::kFloat).div_(255).sub_(mean).div_(deviation);
    CHECK(at::equal(values_of(bytes, range), expected));
    CHECK(at::equal(values_of(bytes.transpose(0, 3), range), expected.transpose(0, 3)));
    const at::Tensor chosen = at::tensor({15, 3, 3, 0}, at::kLong);
    CHECK(at::equal(values_of(bytes, chosen, range), expected.index_select(0, chosen)));
    const at::Tensor strided = at::stack({bytes, bytes}, 1).select(1, 1);
    CHECK(at::equal(values_of(strided, chosen, range), expected.index_select(0, chosen)));
  }
  CHECK_THROWS(values_of(bytes, at::tensor({16}, at::kLong), {}));
  CHECK_THROWS(values_of(bytes, at::tensor({-1}, at::kLong), {}));
  CHECK(values_of(bytes, at::empty({0}, at::kLong), {}).sizes() == Shape{0, 1, 4, 4});
}

TEST_CASE("values to look at are those that networks see, and whole numbers from 0 to 255") {
  const at::Tensor bytes = at::arange(256).to(at::kByte).reshape({4, 1, 8, 8});
  const Dataset dataset(bytes, at::kCPU);
  const at::Tensor chosen = at::arange(1, 3, at::kLong);
  for (const Range range : {Range{-1, 1}, Range{0, 1}}) {
    CHECK(at::equal(dataset.values(1, 2, range), dataset.batch(chosen, at::kFloat, range).images));
  }
  CHECK(at::equal(dataset.values(1, 2, {0, 255}), bytes.narrow(0, 1, 2).to(at::kFloat)));
}

TEST_CASE("values of any shape stay what they are: in batches, to look at, on another device") {
  RandomStream stream(1);
  for (const Shape& shape : {Shape{5, 2}, Shape{5, 1, 2, 3}}) {
    const at::Tensor values = at::randn(shape, stream.cpu(), at::TensorOptions(at::kFloat)) * 300;
    const at::Tensor labels = at::arange(5).to(at::kByte), chosen = at::tensor({4, 0}, at::kLong);
    const Dataset dataset(values, at::kCPU, labels);
    for (const Range range : {Range{-1, 1}, Range{0, 1}, Range{-2, 6}}) {
      const Batch batch = dataset.batch(chosen, at::kFloat, range);
      CHECK(at::equal(batch.images, values.index({chosen})));
      CHECK(at::equal(batch.labels, chosen));
      CHECK(at::equal(dataset.values(1, 3, range), values.narrow(0, 1, 3)));
    }
    CHECK(at::equal(dataset.batch(chosen, at::kBFloat16).images,
                    values.index({chosen}).to(at::kBFloat16)));
    CHECK(dataset.bytes() == values.numel() * 4);
    CHECK(dataset.on(at::kCPU).fingerprint() == dataset.fingerprint());
  }
}

TEST_CASE("a batch of values is nobody else's memory") {
  const at::Tensor values = at::ones({4, 2});
  const Dataset dataset(values, at::kCPU);
  dataset.batch(at::arange(4), at::kFloat).images.zero_();
  CHECK(at::equal(dataset.values(0, 4, {}), at::ones({4, 2})));
}

TEST_CASE("the fingerprint of values tells every bit, the shape and the labels") {
  // More than one part of 16 MB, and no whole number of them.
  const at::Tensor values = at::arange((int64_t{5} << 20) + 6, at::kFloat).view({-1, 2});
  const auto fingerprint = [](const at::Tensor& of, const at::Tensor& labels = {}) {
    return Dataset(of, at::kCPU, labels).fingerprint();
  };
  const uint64_t whole = fingerprint(values);
  CHECK(fingerprint(values.clone()) == whole);
  const Dataset in_parts(values, at::kCPU);
  CHECK_FALSE(in_parts.read_fingerprint().has_value());
  CHECK(in_parts.part(at::arange(values.size(0))).fingerprint() == whole);
  CHECK(in_parts.read_fingerprint() == whole);
  for (const int64_t place : {int64_t{0}, values.size(0) / 2, values.size(0) - 1}) {
    at::Tensor other = values.clone();
    other[place][1].mul_(1 + 1e-6);
    CHECK(fingerprint(other) != whole);
  }
  CHECK(fingerprint(values.view({-1, 1, 1, 2})) != whole);
  CHECK(fingerprint(values, at::zeros({values.size(0)}, at::kByte)) != whole);
  // Of zeros it is the number of them that tells floats from bytes.
  CHECK(fingerprint(at::zeros({8, 1, 1, 2})) != fingerprint(at::zeros({8, 1, 1, 2}, at::kByte)));
}

namespace {

// A file that is gone when its last descriptor is closed.
struct Temporary {
  FILE* file = std::tmpfile();
  ~Temporary() { std::fclose(file); }
  void write(const at::Tensor& bytes) const {
    std::fwrite(bytes.const_data_ptr(), 1, bytes.nbytes(), file);
    std::fflush(file);
  }
};

}  // namespace

TEST_CASE("images on the disk are those that are in memory: batches, labels, fingerprint") {
  const at::Tensor bytes = (at::arange(21 * 15) % 251).to(at::kByte).reshape({21, 1, 3, 5});
  const at::Tensor labels = at::arange(21).to(at::kByte);
  std::shared_ptr<const ImageFile> images;
  {
    const Temporary file;
    file.write(at::zeros({7}, at::kByte));
    file.write(bytes);
    images = std::make_shared<ImageFile>(fileno(file.file), 7, bytes.sizes().vec());
  }
  const Dataset memory(bytes, at::kCPU, labels), disk(images, at::kCPU, labels);
  CHECK(disk.size() == 21);
  CHECK(disk.bytes() == 0);
  const at::Tensor indices = at::tensor({20, 0, 7, 7}, at::kLong);
  disk.announce(indices);
  const Batch one = memory.batch(indices, at::kFloat), other = disk.batch(indices, at::kFloat);
  CHECK(at::equal(one.images, other.images));
  CHECK(at::equal(one.labels, other.labels));
  CHECK(at::equal(disk.slice(3, 4), bytes.narrow(0, 3, 4)));
  CHECK(disk.fingerprint() == memory.fingerprint());
  CHECK(disk.on(at::kCPU).fingerprint() == memory.fingerprint());
}

namespace {

// What is asked of a part is what the whole has at its places.
void check_part(const Dataset& part, const Dataset& whole, const std::vector<int64_t>& places) {
  const auto count = static_cast<int64_t>(places.size());
  const at::Tensor all = at::tensor(places, at::kLong);
  const Batch expected = whole.batch(all, at::kFloat),
              got = part.batch(at::arange(count), at::kFloat);
  REQUIRE(part.size() == count);
  CHECK(at::equal(got.images, expected.images));
  CHECK(at::equal(got.labels, expected.labels));
  const at::Tensor some = at::tensor({count - 1, int64_t{0}}, at::kLong);
  part.announce(some);
  CHECK(at::equal(part.batch(some, at::kFloat).images, expected.images.index_select(0, some)));
  CHECK(at::equal(part.values(1, count - 1, {}),
                  whole.batch(all, at::kFloat).images.narrow(0, 1, count - 1)));
  CHECK(part.on(at::kCPU).fingerprint() == part.fingerprint());
}

}  // namespace

TEST_CASE("a part is the images at its places, once or twice, with their labels, and parts of it") {
  const at::Tensor bytes = (at::arange(21 * 15) % 251).to(at::kByte).reshape({21, 1, 3, 5});
  const at::Tensor labels = at::arange(21).to(at::kShort) * 300;
  const Temporary file;
  file.write(bytes);
  const auto images = std::make_shared<ImageFile>(fileno(file.file), 0, bytes.sizes().vec());
  const at::Tensor values = bytes.to(at::kFloat) * 1.7;
  for (const Dataset& whole : {Dataset(bytes, at::kCPU, labels), Dataset(images, at::kCPU, labels),
                               Dataset(values, at::kCPU, labels)}) {
    whole.fingerprint();
    const Dataset part = whole.part(at::tensor({20, 3, 3, 7}, at::kLong));
    check_part(part, whole, {20, 3, 3, 7});
    check_part(part.part(at::tensor({3, 0}, at::kLong)), whole, {7, 20});
    // Nothing is copied, and nothing is freed while it is in use.
    CHECK(part.bytes() == whole.bytes() + 4 * 8);
  }
}

TEST_CASE("the fingerprint of a part is that of the same images by themselves") {
  const at::Tensor bytes = (at::arange(40 * 15) % 251).to(at::kByte).reshape({40, 1, 3, 5});
  const at::Tensor labels = at::arange(40).to(at::kByte), places = shuffled(40, 1).narrow(0, 0, 30);
  const Dataset whole(bytes, at::kCPU, labels);
  const Dataset alone(bytes.index_select(0, places), at::kCPU, labels.index_select(0, places));
  CHECK(whole.part(places).fingerprint() == alone.fingerprint());
  CHECK(whole.part(places.flip({0})).fingerprint() != alone.fingerprint());
  CHECK(whole.part(at::arange(40)).fingerprint() == whole.fingerprint());
}

TEST_CASE("a part on another device is without the images that it leaves out") {
  const Dataset whole(at::zeros({100, 1, 2, 2}, at::kByte), at::kCPU);
  const Dataset there = whole.part(at::tensor({4, 8}, at::kLong)).on(at::Device(at::kMeta));
  CHECK(there.size() == 2);
  CHECK(there.bytes() == 2 * 4);
}

TEST_CASE("images that are not there any more are an error") {
  const Temporary file;
  file.write(at::zeros({10}, at::kByte));
  const Dataset disk(
      std::make_shared<ImageFile>(fileno(file.file), 0, std::vector<int64_t>{3, 1, 2, 2}),
      at::kCPU);
  CHECK_THROWS_WITH_AS(
      disk.batch(at::tensor({2}, at::kLong), at::kFloat),
      "Expected packed images that can be read for the dataset but received a file that became "
      "shorter",
      Error);
  CHECK_THROWS_AS(ImageFile(-1, 0, {1, 1, 1, 1}), Error);
}

TEST_CASE("a sampler knows the next batch of its epoch") {
  Sampler sampler(10, 4, std::make_shared<RandomStream>(1));
  CHECK(sampler.upcoming().numel() == 0);
  sampler.next();
  for (const int64_t count : {4, 2}) {
    const at::Tensor upcoming = sampler.upcoming();
    CHECK(upcoming.numel() == count);
    CHECK(at::equal(sampler.next(), upcoming));
  }
  CHECK(sampler.upcoming().numel() == 0);
}

TEST_CASE("a sampler that drops the last batch has the order of one that does not, without it") {
  Sampler whole(10, 4, std::make_shared<RandomStream>(1));
  Sampler dropping(10, 4, std::make_shared<RandomStream>(1), at::kCPU, /*drop_last=*/true);
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (int batch = 0; batch < 2; ++batch) {
      const at::Tensor indices = dropping.next();
      CHECK(at::equal(indices, whole.next()));
      CHECK(dropping.upcoming().numel() == (batch == 0 ? 4 : 0));
    }
    CHECK(whole.next().size(0) == 2);
  }
}

TEST_CASE("an image is mirrored where torch.rand(1) < 0.5, from left to right and no more") {
  const at::Tensor images = at::arange(40 * 2 * 3 * 5).to(at::kFloat).reshape({40, 2, 3, 5});
  RandomStream stream(3), again(3);
  const at::Tensor some = flip_some(images, Rows(stream.cpu()));
  int mirrored = 0;
  for (int64_t i = 0; i < images.size(0); ++i) {
    const bool is_mirrored = at::rand({1}, again.cpu()).item<float>() < 0.5;
    CHECK(at::equal(some[i], is_mirrored ? images[i].flip({-1}) : images[i]));
    mirrored += is_mirrored ? 1 : 0;
  }
  CHECK(mirrored > 10);
  CHECK(mirrored < 30);
  // What comes next is what would have come there.
  CHECK(stream.draw_seed() == again.draw_seed());
}

TEST_CASE("rows of a batch are mirrored as they are in the whole of it") {
  const at::Tensor images = at::rand({13, 1, 2, 4}).to(at::kBFloat16);
  RandomStream stream(3);
  const at::Tensor whole = flip_some(images, Rows(stream.cpu()));
  for (int64_t rank = 0; rank < 3; ++rank) {
    const Share share = share_of(13, rank, 3, 1);
    RandomStream own(3);
    const at::Tensor rows = images.narrow(0, share.start, share.rows);
    CHECK(at::equal(flip_some(rows, Rows(own.cpu(), &share)),
                    whole.narrow(0, share.start, share.rows)));
  }
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

TEST_CASE("large images are resized some a turn, and to the bits of each by itself") {
  RandomStream stream(4);
  const at::Tensor images =
      at::randint(256, {40, 3, 512, 512}, stream.cpu(), at::TensorOptions(at::kByte));
  Resizing resizing(images, 96, 64);
  std::optional<at::Tensor> all;
  int64_t turns = 0;
  for (; !all; ++turns) all = resizing();
  CHECK(turns == 2);
  REQUIRE(all->sizes() == Shape{40, 3, 96, 64});
  for (const int64_t place : {0, 20, 21, 39}) {
    CHECK(at::equal(resize_images(images.narrow(0, place, 1), 96, 64)[0], (*all)[place]));
  }
  Resizing nothing_to_do(images, 512, 512);
  CHECK(nothing_to_do().value().is_same(images));
}

TEST_CASE("images whose channels come last are resized to the bits of the same in planes") {
  RandomStream stream(4);
  for (const int64_t channels : {1, 3}) {
    const at::Tensor planes =
        at::randint(256, {5, channels, 16, 24}, stream.cpu(), at::TensorOptions(at::kByte));
    const at::Tensor last = planes.permute({0, 2, 3, 1}).contiguous().permute({0, 3, 1, 2});
    CHECK(at::equal(resize_images(last, 12, 7), resize_images(planes, 12, 7)));
    CHECK(resize_images(last, 12, 7).is_contiguous());
  }
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

TEST_CASE("stacked images are the drawn ones, channel by channel, and their labels the digits") {
  const at::Tensor images = at::arange(7).to(at::kByte).reshape({7, 1, 1, 1}).expand({7, 1, 2, 3});
  const at::Tensor labels = at::tensor({4, 0, 9, 3, 3, 1, 8}, at::kByte);
  const Stack stack = stack_images(images.contiguous(), labels, {10, 500, 3, 5});
  CHECK(stack.images.sizes() == at::IntArrayRef({500, 3, 2, 3}));
  const at::Tensor chosen = stack.images.select(3, 0).select(2, 0).to(at::kLong);
  const at::Tensor digits = labels.to(at::kLong).index_select(0, chosen.flatten()).view({500, 3});
  CHECK(at::equal(stack.labels.to(at::kLong), digits.matmul(at::tensor({100, 10, 1}, at::kLong))));
  CHECK(at::equal(stack.images, chosen.to(at::kByte).view({500, 3, 1, 1}).expand({500, 3, 2, 3})));
  CHECK(std::get<0>(at::_unique(chosen)).numel() == 7);
  CHECK(at::equal(stack_images(images.contiguous(), labels, {10, 500, 3, 5}).images, stack.images));
  CHECK_FALSE(
      at::equal(stack_images(images.contiguous(), labels, {10, 500, 3, 6}).images, stack.images));
}
