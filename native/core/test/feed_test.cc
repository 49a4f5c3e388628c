#include "core/data/feed.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <map>
#include <thread>

#include "core/error.h"
#include "core/test/check.h"  // last: see there

using namespace sparring;

namespace {

// Images of one pixel: their number.
at::Tensor numbered(int64_t from, int64_t to) {
  return at::arange(from, to).to(at::kByte).reshape({-1, 1, 1, 1});
}

Feed::Options options(int64_t batch, int64_t shuffle = 0, uint64_t seed = 0) {
  return {{1, 1, 1}, batch, shuffle, seed, /*labelled=*/false};
}

std::vector<int64_t> numbers(const at::Tensor& images) {
  const at::Tensor flat = images.flatten().to(at::kLong);
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

// All that is ready, batch by batch.
std::vector<std::vector<int64_t>> taken(Feed& feed) {
  std::vector<std::vector<int64_t>> all;
  while (feed.ahead() > 0) all.push_back(numbers(feed.next().images));
  return all;
}

// An epoch of ten images in two parts.
void bring(Feed& feed) {
  feed.push(numbered(0, 7), {});
  feed.push(numbered(7, 10), {});
  feed.end_epoch();
}

using Batches = std::vector<std::vector<int64_t>>;

}  // namespace

TEST_CASE("batches keep the order of the images, and an epoch's last is what is left") {
  Feed feed(options(4));
  CHECK(feed.state(1) == Feed::State::kWaiting);
  bring(feed);
  CHECK(feed.state(3) == Feed::State::kReady);
  CHECK(feed.state(4) == Feed::State::kWaiting);
  CHECK(feed.next().begins_epoch);
  CHECK_FALSE(feed.next().begins_epoch);
  CHECK(taken(feed) == Batches{{8, 9}});
  CHECK(feed.place().epoch == 0);
  CHECK(feed.place().batches == 3);
  feed.close();
  CHECK(feed.state(1) == Feed::State::kOver);
}

TEST_CASE("labels stay with their images through the buffer") {
  Feed feed({{1, 1, 1}, 4, 5, 3, /*labelled=*/true});
  feed.push(numbered(0, 10), numbered(100, 110).flatten());
  feed.end_epoch();
  while (feed.ahead() > 0) {
    const Feed::Fed fed = feed.next();
    CHECK(at::equal(fed.images.flatten() + 100, fed.labels));
  }
}

TEST_CASE("images whose channels come last leave channels first, bytes and values, by any order") {
  for (const at::ScalarType type : {at::kByte, at::kFloat}) {
    const at::Tensor planes = at::arange(10 * 12).reshape({10, 3, 1, 4}).to(type);
    Feed::Options options{{3, 1, 4}, 4, 5, 3, /*labelled=*/false};
    options.exact = type == at::kFloat;
    Feed first(options);
    options.channels_last = true;
    Feed last(options);
    CHECK(first.identity() != last.identity());
    first.push(planes, {});
    last.push(planes.permute({0, 2, 3, 1}).contiguous(), {});
    for (Feed* const feed : {&first, &last}) feed->end_epoch();
    REQUIRE(first.ahead() == 3);
    while (first.ahead() > 0) {
      const at::Tensor turned = last.next().images;
      CHECK(at::equal(turned, first.next().images));
      CHECK(turned.is_contiguous());
    }
  }
}

TEST_CASE("values stay what they are, of any shape, with their labels, through the buffer") {
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{3}, std::vector<int64_t>{1, 1, 3}}) {
    Feed::Options options{shape, 4, 5, 3, /*labelled=*/true};
    const uint64_t of_bytes = Feed(options).identity();
    options.exact = true;
    Feed feed(options);
    CHECK(feed.identity() != of_bytes);
    std::vector<int64_t> sides{10};
    sides.insert(sides.end(), shape.begin(), shape.end());
    const at::Tensor values = at::arange(30).to(at::kFloat).mul(-1e30).view(sides);
    feed.push(values, at::arange(10).to(at::kByte));
    feed.end_epoch();
    int64_t count = 0;
    for (; feed.ahead() > 0; ++count) {
      const Feed::Fed fed = feed.next();
      CHECK(at::equal(fed.images, values.index_select(0, fed.labels.to(at::kLong))));
    }
    CHECK(count == 3);
  }
}

TEST_CASE("a feed of values goes on where it was left, and knows others by one bit") {
  Feed::Options options{{2}, 2, 0, 0, /*labelled=*/false};
  options.exact = true;
  const at::Tensor values = at::arange(12).to(at::kFloat).view({6, 2}) / 3;
  Feed first(options);
  first.push(values, {});
  first.next();
  Feed rest(options, first.place());
  rest.push(values, {});
  CHECK(at::equal(rest.next().images, values.narrow(0, 2, 2)));
  at::Tensor others = values.clone();
  others[1][1] = std::nextafter(others[1][1].item<float>(), 0.0F);
  Feed other(options, first.place());
  CHECK_THROWS_AS(other.push(others, {}), Error);
}

TEST_CASE("a buffer shuffles each epoch its own way, loses nothing, and its seed repeats it") {
  const auto epochs = [](uint64_t seed) {
    Feed feed(options(10, 4, seed));
    bring(feed);
    bring(feed);
    return taken(feed);
  };
  const Batches seen = epochs(1);
  REQUIRE(seen.size() == 2);
  for (const auto& epoch : seen) {
    std::vector<int64_t> sorted = epoch;
    std::sort(sorted.begin(), sorted.end());
    CHECK(sorted == std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(epoch != sorted);
  }
  CHECK(seen[0] != seen[1]);
  CHECK(epochs(1) == seen);
  CHECK(epochs(2) != seen);
}

TEST_CASE("a feed goes on at a place of another one with the batches that were to come") {
  for (const int64_t shuffle : {0, 4}) {
    Feed whole(options(3, shuffle, 5));
    bring(whole);
    bring(whole);
    whole.next();
    whole.next();
    Feed rest(options(3, shuffle, 5), whole.place());
    bring(rest);
    bring(rest);
    CHECK(rest.place().batches == 2);
    CHECK(taken(rest) == taken(whole));
  }
}

TEST_CASE("a feed that leaves last batches out goes on behind one that was not") {
  Feed whole(options(4));
  bring(whole);
  for (int i = 0; i < 3; ++i) whole.next();
  Feed::Options dropping = options(4);
  dropping.drop_last = true;
  Feed rest(dropping, whole.place());
  bring(rest);
  CHECK(rest.ahead() == 0);
  bring(rest);
  CHECK(taken(rest) == Batches{{0, 1, 2, 3}, {4, 5, 6, 7}});
  Feed other(dropping, whole.place());
  other.push(numbered(0, 9), {});
  other.push(numbered(8, 9), {});
  CHECK_THROWS_WITH_AS(other.end_epoch(),
                       "Expected the images that epoch 0 was left at after 3 batches for source "
                       "but received others; a stream with another seed begins anew",
                       Error);
}

TEST_CASE("a feed does not go on with other images, or fewer") {
  Feed first(options(3));
  bring(first);
  first.next();
  first.next();
  Feed other(options(3), first.place());
  CHECK_THROWS_WITH_AS(other.push(numbered(1, 10), {}),
                       "Expected the images that epoch 0 was left at after 2 batches for source "
                       "but received others; a stream with another seed begins anew",
                       Error);
  Feed fewer(options(3), first.place());
  fewer.push(numbered(0, 3), {});
  CHECK_THROWS_WITH_AS(fewer.end_epoch(),
                       "Expected the images that epoch 0 was left at after 2 batches for source "
                       "but received no more than 1 batches; a stream with another seed begins "
                       "anew",
                       Error);
}

TEST_CASE("a feed does not go on with other labels of the same images") {
  const Feed::Options labelled{{1, 1, 1}, 3, 0, 0, /*labelled=*/true};
  const at::Tensor labels = at::arange(10).to(at::kByte);
  Feed first(labelled);
  first.push(numbered(0, 10), labels);
  first.next();
  first.next();
  Feed rest(labelled, first.place());
  rest.push(numbered(0, 10), labels);
  CHECK(numbers(rest.next().labels) == std::vector<int64_t>{6, 7, 8});
  at::Tensor others = labels.clone();
  others[5] = 6;
  Feed other(labelled, first.place());
  CHECK_THROWS_WITH_AS(other.push(numbered(0, 10), others),
                       "Expected the images that epoch 0 was left at after 2 batches for source "
                       "but received others; a stream with another seed begins anew",
                       Error);
}

TEST_CASE("whoever waits for room is told once it is there, at once, at the end or when released") {
  Feed feed(options(2));
  int told = 0;
  const auto ask = [&](int64_t limit) { feed.when_below(limit, [&told] { ++told; }); };
  ask(1);
  CHECK(told == 1);
  bring(feed);
  ask(4);
  feed.next();
  CHECK(told == 1);
  feed.next();
  CHECK(told == 2);
  feed.next();
  CHECK(told == 2);
  ask(1);
  feed.release();
  CHECK(told == 3);
  ask(1);
  feed.close();
  CHECK(told == 4);
}

TEST_CASE("one thread fills a feed while another empties it: no image is lost, or comes twice") {
  Feed feed({{1, 1, 1}, 3, /*shuffle=*/8, /*seed=*/7, /*labelled=*/true});
  std::map<int64_t, int> seen;
  bool are_together = true;
  std::thread taker([&] {
    for (Feed::State state; (state = feed.state(1)) != Feed::State::kOver;) {
      if (state == Feed::State::kWaiting) {
        std::this_thread::yield();
        continue;
      }
      const Feed::Fed fed = feed.next();
      for (const int64_t one : numbers(fed.images)) ++seen[one];
      are_together = are_together && numbers(fed.images) == numbers(fed.labels);
    }
  });
  for (int epoch = 0; epoch < 300; ++epoch) {
    for (int64_t start = 0; start < 100; start += 10) {
      const at::Tensor images = numbered(start, start + 10);
      feed.push(images, images.flatten());
      const auto room = std::make_shared<std::promise<void>>();
      feed.when_below(3, [room] { room->set_value(); });
      room->get_future().wait();
    }
    feed.end_epoch();
  }
  feed.close();
  taker.join();
  CHECK(are_together);
  CHECK(seen.size() == 100);
  for (const auto& [image, times] : seen) CHECK(times == 300);
  CHECK(feed.place().epoch == 299);
}

TEST_CASE("feeds of other images, orders or labels are told apart") {
  std::map<uint64_t, int> seen;
  for (const auto& one :
       {options(4), options(4, 1), options(4, 0, 1), Feed::Options{{1, 1, 2}, 4, 0, 0, false},
        Feed::Options{{1, 1, 1}, 4, 0, 0, true}}) {
    ++seen[Feed(one).identity()];
  }
  CHECK(seen.size() == 5);
  CHECK(Feed(options(4)).identity() == Feed(options(5)).identity());
}
