#include "core/step/running.h"

#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

struct Training {
  std::shared_ptr<Trainer> trainer;
  std::shared_ptr<std::atomic<bool>> stop = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<const Dataset> images =
      std::make_shared<Dataset>(at::zeros({8, 1, 8, 8}, at::kByte), at::kCPU);

  Training() {
    const std::shared_ptr<Pair> pair = small_pair(0, at::kFloat);
    trainer = std::make_shared<Trainer>(pair, make_eager_step(pair));
  }

  Running run(int64_t steps) const {
    const auto use = [data = images](Trainer& own) {
      if (!own.read(*data)) return false;
      own.use(data, 4);
      return true;
    };
    return {trainer, stop, use, steps};
  }
};

bool goes_on(const Turn<Running::Result>& turn) {
  return std::get<Engine::Then>(turn) == Engine::Then::kAgain;
}
bool waits(const Turn<Running::Result>& turn) {
  return std::get<Engine::Then>(turn) == Engine::Then::kWait;
}

}  // namespace

TEST_CASE("a run is a step a turn, and reports all of them after the last") {
  Training training;
  Running running = training.run(3);
  for (int64_t step = 1; step < 3; ++step) {
    CHECK(goes_on(running()));
    CHECK(training.trainer->steps() == step);
  }
  const auto result = std::get<Running::Result>(running());
  CHECK_FALSE(result.stopped);
  CHECK(result.seconds > 0);
  CHECK(result.steps == 3);
  CHECK(result.images == 12);
  REQUIRE(result.report.has_value());
  CHECK(result.report->steps == 3);
  CHECK(result.report->images == 12);
  CHECK(result.report->health.has_value());
}

TEST_CASE("a run that is stopped tells of the steps that it did, if it did any") {
  Training training;
  Running running = training.run(3);
  CHECK(goes_on(running()));
  *training.stop = true;
  const auto result = std::get<Running::Result>(running());
  CHECK(result.stopped);
  REQUIRE(result.report.has_value());
  CHECK(result.report->steps == 1);
  CHECK_FALSE(result.report->health.has_value());

  Running none = training.run(3);
  const auto nothing = std::get<Running::Result>(none());
  CHECK(nothing.stopped);
  CHECK_FALSE(nothing.report.has_value());
  CHECK(training.trainer->steps() == 1);
}

TEST_CASE("a run counts its own steps, and tells of those before it that nobody has told of") {
  Training training;
  {
    Running fails = training.run(5);
    CHECK(goes_on(fails()));
    CHECK(goes_on(fails()));
  }
  Running running = training.run(1);
  const auto result = std::get<Running::Result>(running());
  CHECK(result.steps == 1);
  CHECK(result.images == 4);
  REQUIRE(result.report.has_value());
  CHECK(result.report->steps == 3);
  CHECK(result.report->images == 12);

  Training later;
  training.run(2)();
  later.trainer->restore(training.trainer->snapshot());
  Running rest = later.run(1);
  const auto whole = std::get<Running::Result>(rest());
  CHECK(whole.steps == 1);
  CHECK(whole.images == 4);
  CHECK(whole.report->steps == 2);
}

TEST_CASE("a run waits for the batches of a feed, and ends with it") {
  Training training;
  const auto feed = std::make_shared<Feed>(Feed::Options{{1, 8, 8}, 4, 0, 0, false});
  const auto use = [feed](Trainer& own) {
    own.use(feed);
    return true;
  };
  Running running(training.trainer, training.stop, use, 9);
  CHECK(waits(running()));
  feed->push(at::zeros({4, 1, 8, 8}, at::kByte), {});
  CHECK(goes_on(running()));
  CHECK(waits(running()));
  feed->close();
  const auto result = std::get<Running::Result>(running());
  CHECK_FALSE(result.stopped);
  REQUIRE(result.report.has_value());
  CHECK(result.report->steps == 1);
}

TEST_CASE("large data are read a part a turn, for a snapshot and where a restored run goes on") {
  // Three parts of at most 16 MB.
  const auto large = [] {
    return std::make_shared<Dataset>(at::zeros({600'000, 1, 8, 8}, at::kByte), at::kCPU);
  };
  Training training;
  training.images = large();
  CHECK(training.trainer->read_for_snapshot());  // nothing was asked for yet
  training.trainer->use(training.images, 4);
  training.trainer->step();
  int parts = 1;
  while (!training.trainer->read_for_snapshot()) parts += 1;
  CHECK(parts == 3);
  const Snapshot taken = training.trainer->snapshot();

  Training later;
  later.images = large();
  later.trainer->restore(taken);
  Running running = later.run(3);
  CHECK(goes_on(running()));
  CHECK(goes_on(running()));
  CHECK(later.trainer->steps() == 1);
  SUBCASE("it goes on once all is read") {
    CHECK(goes_on(running()));
    CHECK(later.trainer->steps() == 2);
    CHECK(later.trainer->snapshot().count("sampler.position") == 8);
  }
  SUBCASE("stopped before, it takes nothing") {
    *later.stop = true;
    const auto result = std::get<Running::Result>(running());
    CHECK(result.stopped);
    CHECK_FALSE(result.report.has_value());
  }
  CHECK(later.trainer->snapshot().data == taken.data);
}
