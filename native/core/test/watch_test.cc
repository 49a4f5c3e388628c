// What ranks look at together.
#include "core/step/watch.h"

#include <functional>

#include "core/test/check.h"  // last: see there
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// What is looked at of a batch of so many.
Watch batch_of(int64_t total) {
  const at::Tensor count = at::arange(double(total), at::kDouble);
  Watch watch;
  watch.real_scores = at::sin(count).view({total, 1});
  watch.fake_scores = at::cos(count * 3).view({total, 1});
  watch.reals = at::sin(at::arange(total * 4.0, at::kFloat)).view({total, 1, 2, 2});
  watch.fakes = at::cos(at::arange(total * 4.0, at::kFloat)).view({total, 1, 2, 2});
  watch.generator_gradient = at::ones({});
  return watch;
}

// As a step takes it down: the first of so many images.
Watch seen(const Watch& whole, int64_t start, int64_t rows) {
  Watch watch;
  watch.begin();
  watch.add_scores(whole.real_scores.narrow(0, start, rows),
                   whole.fake_scores.narrow(0, start, rows));
  watch.add_images(whole.reals.narrow(0, start, rows), whole.fakes.narrow(0, start, rows));
  watch.generator_gradient = whole.generator_gradient;
  return watch;
}

// Compares what so many ranks look at together with what one would have looked at.
void compare_of_ranks(int64_t ranks, int64_t total,
                      const std::function<void(const Watch& all, const Watch& expected)>& compare) {
  const Watch whole = batch_of(total), expected = seen(whole, 0, total);
  const auto errors = as_ranks(ranks, [&](const std::shared_ptr<Group>& group) {
    Sharing sharing(group, 1);
    sharing.divide(total);
    const Share share = sharing.share();
    const Watch all = of_all(seen(whole, share.start, share.rows), sharing);
    CHECK(all.real_scores.equal(expected.real_scores.to(all.real_scores.scalar_type())));
    CHECK(all.fake_scores.equal(expected.fake_scores.to(all.fake_scores.scalar_type())));
    CHECK(all.generator_gradient.equal(expected.generator_gradient));
    compare(all, expected);
  });
  for (const std::string& error : errors) CHECK(error.empty());
}

}  // namespace

TEST_CASE("ranks look at what one would have looked at") {
  // The second: more than are compared, the 64th in the middle of a rank's. The last: everybody's.
  for (const int64_t total : {8, 150, 2}) {
    compare_of_ranks(3, total, [](const Watch& all, const Watch& expected) {
      CHECK(all.reals.equal(expected.reals));
      CHECK(all.fakes.equal(expected.fakes));
    });
  }
}

TEST_CASE("parts of a batch look at what the whole would have looked at") {
  // The second part has the 64th image, the last that is compared; the third has none of them.
  const Watch whole = batch_of(120), expected = seen(whole, 0, 120);
  Watch parts;
  parts.begin();
  for (const int64_t start : {0, 40, 80}) {
    parts.add_scores(whole.real_scores.narrow(0, start, 40),
                     whole.fake_scores.narrow(0, start, 40));
    parts.add_images(whole.reals.narrow(0, start, 40), whole.fakes.narrow(0, start, 40));
  }
  CHECK(parts.real_scores.equal(expected.real_scores));
  CHECK(parts.fake_scores.equal(expected.fake_scores));
  CHECK(parts.reals.equal(expected.reals));
  CHECK(parts.fakes.equal(expected.fakes));
}

// Mean distances are of all pairs: where the images of a rank are some of them they have to come
// together.
TEST_CASE("ranks exchange no images where rank 0 has all that are compared") {
  const auto spread = [](const at::Tensor& images) { return at::pdist(images.flatten(1)).mean(); };
  compare_of_ranks(2, 150, [&spread](const Watch& all, const Watch& expected) {
    CHECK_FALSE(all.reals.defined());
    CHECK_FALSE(all.fakes.defined());
    // The same bits.
    CHECK(all.real_spread.equal(spread(expected.reals)));
    CHECK(all.fake_spread.equal(spread(expected.fakes)));
  });
}
