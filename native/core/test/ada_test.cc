// Adaptive discriminator augmentation: its transforms, and the probability that follows the signs
// of the scores. That both are those of PyTorch scripts is in test/trainer/ada.test.ts.
#include "core/step/ada.h"

#include "core/distributed/sharing.h"
#include "core/error.h"
#include "core/step/trainer.h"
#include "core/test/check.h"  // last: see there
#include "core/test/gradients.h"
#include "core/test/pairs.h"
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

const at::TensorOptions kNumbers = at::kDouble;

at::Tensor seen(const at::Tensor& images, const std::vector<std::string>& transforms, double p,
                uint64_t seed = 2) {
  RandomStream stream(seed);
  const AugmentationPipeline pipeline(transforms, images.sizes().slice(1), images.options());
  return pipeline.applied(images, at::scalar_tensor(p, kNumbers), stream.cpu());
}

at::Tensor drawn(at::IntArrayRef shape) {
  RandomStream stream(5);
  return at::randn(shape, stream.cpu(), kNumbers);
}

AdaOptions small(double probability = 0) {
  AdaOptions options;
  options.image = {1, 8, 8};
  options.transforms = {"blit", "geometry", "color"};
  options.probability = probability;
  options.interval = 3;
  options.thousands = 0.08;
  return options;
}

// A trained pair with ada, on batches of 8 of 22 images: the last of an epoch has 6.
struct Training {
  explicit Training(const AdaOptions& options = small(0.3), bool is_fused = true)
      : pair(small_pair(7, at::kDouble)), data(std::make_shared<Dataset>(bytes(), at::kCPU)) {
    pair->ada = std::make_unique<Ada>(options, kNumbers);
    trainer =
        std::make_unique<Trainer>(pair, is_fused ? make_fused_step(pair) : make_eager_step(pair));
    trainer->use(data, 8);
  }
  static at::Tensor bytes() {
    RandomStream stream(8);
    return at::randint(256, {22, 1, 8, 8}, stream.cpu(), at::TensorOptions(at::kByte));
  }
  void run(int steps) {
    for (int i = 0; i < steps; ++i) trainer->step();
  }

  std::shared_ptr<Pair> pair;
  std::shared_ptr<const Dataset> data;
  std::unique_ptr<Trainer> trainer;
};

}  // namespace

TEST_CASE("an unknown transform is refused") {
  CHECK_THROWS_WITH_AS(seen(drawn({2, 3, 4, 4}), {"nonsense"}, 1),
                       "Expected a known transform but received nonsense", Error);
}

TEST_CASE("at probability 0 every bit stays, at 1 every sample changes, and some in between") {
  for (const char* transform : {"blit", "geometry", "color"}) {
    CAPTURE(transform);
    const at::Tensor images = drawn({200, 3, 8, 8});
    CHECK(at::equal(seen(images, {transform}, 0), images));
    const auto changed = [&](double p) {
      return (seen(images, {transform}, p) != images).flatten(1).any(1).sum().item<int64_t>();
    };
    // Of what moves pixels one draw of many moves none.
    CHECK(changed(1) > 180);
    CHECK(changed(0.1) > 20);
    CHECK(changed(0.1) < 120);
  }
}

TEST_CASE("the numbers that are drawn are the same whatever the probability") {
  for (const char* transform : {"blit", "geometry", "color"}) {
    const at::Tensor images = drawn({4, 3, 8, 8});
    const auto next = [&](double p) {
      RandomStream stream(2);
      const AugmentationPipeline pipeline({transform}, {3, 8, 8}, kNumbers);
      pipeline.applied(images, at::scalar_tensor(p, kNumbers), stream.cpu());
      return at::rand({1}, stream.cpu(), kNumbers).item<double>();
    };
    CHECK(next(0) == next(1));
  }
}

TEST_CASE("blitting keeps every value of a square image that it only turns") {
  // Of one pixel to each side nothing is moved out of sight.
  const at::Tensor images = drawn({64, 2, 3, 3});
  const at::Tensor moved = seen(images, {"blit"}, 1);
  CHECK(at::equal(std::get<0>(moved.flatten(2).sort()), std::get<0>(images.flatten(2).sort())));
  CHECK_FALSE(at::equal(moved, images));
}

TEST_CASE("where nothing changes places resampling is the image, of any size") {
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{2, 3, 8, 8}, {2, 1, 5, 7}, {1, 2, 1, 4}, {3, 1, 2, 1}}) {
    const at::Tensor images = drawn(shape);
    const Warp warp(shape[2], shape[3], kNumbers);
    const Origin same = Origin::same(shape[0], kNumbers);
    CHECK(distance(warp.resampled(images, same), images) < 1e-11);
    CHECK(at::equal(warp.copied(images, same), images));
    // What is moved by whole pixels, on over the mirrored border, is copied.
    const Origin moved = same.moved(at::full({1}, -7, kNumbers), at::full({1}, 12, kNumbers));
    CHECK(distance(warp.resampled(images, moved), warp.copied(images, moved)) < 1e-11);
  }
}

TEST_CASE("resampled by quarter turns or mirrored, a smooth image is its pixels in other places") {
  // A bump away from the middle. With pixels at the filter's 5.5, it would be 0.06 to 0.09 off.
  const at::Tensor line = at::arange(32, kNumbers);
  const auto bump = [&](double at) { return ((line - at).square() / -32).exp(); };
  const at::Tensor image = at::outer(bump(13.5), bump(16.5)).view({1, 1, 32, 32});
  const Warp warp(32, 32, kNumbers);
  const at::Tensor one = at::ones({1, 1, 1}, kNumbers), zero = one * 0;
  const Origin same = Origin::same(1, kNumbers);
  for (const Origin& origin : {same.turned(zero, one), same.turned(-one, zero),
                               same.scaled(-one, one), same.scaled(one, -one)}) {
    const at::Tensor copied = warp.copied(image, origin);
    CHECK(distance(copied, image) > 0.2);
    CHECK(distance(warp.resampled(image, origin), copied) < 0.03);
    const at::Tensor chosen = at::ones({1, 1, 1}, at::kBool);
    CHECK(distance(Warp::resampled_by_loops(image, origin, chosen), copied) < 0.03);
  }
}

TEST_CASE("loops resample as the operations do: values, gradients, second derivatives: 1e-11") {
  struct Change {
    const char* name;
    double larger_x, larger_y, angle, right, down;
  };
  const std::vector<Change> changes = {{"none", 1, 1, 0, 0, 0},
                                       {"turned", 1, 1, 0.7, 0, 0},
                                       {"half as large, and turned", 0.5, 0.6, -2, 1.5, -0.5},
                                       {"three times as large", 3, 2.5, 0.1, 0, 0.3},
                                       {"a tenth as large", 0.1, 0.1, 1, 0, 0},
                                       {"far away", 1.1, 0.9, 3, -123.4, 77.7}};
  for (const std::vector<int64_t>& shape : std::vector<std::vector<int64_t>>{
           {3, 3, 8, 8}, {3, 1, 5, 17}, {3, 2, 1, 4}, {3, 1, 2, 1}, {3, 1, 1, 1}, {3, 2, 32, 20}}) {
    const Warp warp(shape[2], shape[3], kNumbers);
    for (const Change& change : changes) {
      CAPTURE(shape);
      CAPTURE(change.name);
      const auto number = [](double value) { return at::full({1}, value, kNumbers); };
      const Origin origin =
          Origin::same(3, kNumbers)
              .scaled(number(change.larger_x), number(change.larger_y))
              .turned(number(std::cos(change.angle)), number(std::sin(change.angle)))
              .moved(number(change.right), number(change.down));
      // The one in the middle is not to be looked at.
      const at::Tensor chosen = at::tensor({1, 0, 1}).to(at::kBool).view({3, 1, 1});
      const auto figures = [&](const auto& resample) {
        const at::Tensor images = drawn(shape).requires_grad_();
        const at::Tensor seen = resample(images);
        const at::Tensor gradient = torch::autograd::grad({seen.pow(3).sum()}, {images}, {}, true,
                                                          /*create_graph=*/true)[0];
        const at::Tensor second =
            torch::autograd::grad({gradient.square().sum()}, {images}, {}, false)[0];
        return std::vector<at::Tensor>{seen, gradient, second};
      };
      const auto loops = figures([&](const at::Tensor& images) {
        return Warp::resampled_by_loops(images, origin, chosen);
      });
      const auto operations = figures([&](const at::Tensor& images) {
        return warp.resampled(images, origin) * chosen.unsqueeze(3);
      });
      for (size_t i = 0; i < loops.size(); ++i) {
        const double size = std::max(1.0, operations[i].abs().max().item<double>());
        CHECK(distance(loops[i], operations[i]) < 1e-11 * size);
      }
    }
  }
}

TEST_CASE("every transform has the same values and derivatives rewritten: 1e-11") {
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{40, 3, 8, 8}, {40, 3, 5, 9}, {40, 1, 6, 6}}) {
    const AugmentationPipeline all({"blit", "geometry", "color"}, {shape[1], shape[2], shape[3]},
                                   kNumbers);
    const AugmentationPipeline blit({"blit"}, {shape[1], shape[2], shape[3]}, kNumbers);
    for (const AugmentationPipeline* pipeline : {&all, &blit}) {
      const auto figures = [&](bool rewritten) {
        RandomStream stream(2);
        const at::Tensor images = drawn(shape).requires_grad_();
        const at::Tensor seen =
            pipeline->applied(images, at::scalar_tensor(0.6, kNumbers), stream.cpu(), rewritten);
        const at::Tensor gradient = torch::autograd::grad({seen.pow(3).sum()}, {images}, {}, true,
                                                          /*create_graph=*/true)[0];
        const at::Tensor second =
            torch::autograd::grad({gradient.square().sum()}, {images}, {}, false)[0];
        return std::vector<at::Tensor>{seen, gradient, second};
      };
      const auto one = figures(true), other = figures(false);
      for (size_t i = 0; i < one.size(); ++i) {
        CHECK(distance(one[i], other[i]) < 1e-11 * other[i].abs().max().item<double>());
      }
    }
  }
}

TEST_CASE("fused moves images by loops, and eager by operations, to the same training") {
  AdaOptions options = small(0.7);
  Training fused(options), eager(options, false);
  fused.run(4);
  eager.run(4);
  const auto weights = [](const Training& one) {
    return one.pair->discriminator->parameters().at(0).detach();
  };
  CHECK(distance(weights(fused), weights(eager)) < 1e-10);
  CHECK_FALSE(at::equal(weights(fused), weights(eager)));
  const auto told = [](const Training& one) { return one.trainer->explain().rewrites; };
  const auto names_it = [](const std::vector<RewriteName>& rewrites) {
    return std::any_of(rewrites.begin(), rewrites.end(),
                       [](const RewriteName& one) { return one.id == "ada"; });
  };
  CHECK(names_it(told(fused)));
  CHECK_FALSE(names_it(told(eager)));
  options.transforms = {"color"};  // of grey images
  CHECK_FALSE(names_it(told(Training(options))));
}

TEST_CASE("gradients and second derivatives pass through every transform") {
  for (const char* transform : {"blit", "geometry", "color"}) {
    CAPTURE(transform);
    const at::Tensor images = drawn({4, 3, 5, 6}).requires_grad_();
    const auto score = [&] { return seen(images, {transform}, 1).tanh().square().sum(); };
    CHECK(gradient_error(score, {images}) < 1e-6);
    const auto penalty = [&] {
      return torch::autograd::grad({score()}, {images}, {}, true, /*create_graph=*/true)[0]
          .square()
          .sum();
    };
    CHECK(gradient_error(penalty, {images}) < 1e-6);
    // And one more: a penalty's own second derivative.
    const auto third = [&] {
      return torch::autograd::grad({penalty()}, {images}, {}, true, /*create_graph=*/true)[0]
          .square()
          .sum();
    };
    CHECK(gradient_error(third, {images}) < 1e-5);
  }
}

TEST_CASE("parts and ranks see what the whole batch would have seen") {
  const at::Tensor images = drawn({6, 3, 8, 8});
  const std::vector<std::string> all{"blit", "geometry", "color"};
  const at::Tensor whole = seen(images, all, 0.7);
  const AugmentationPipeline pipeline(all, {3, 8, 8}, kNumbers);
  RandomStream stream(2);
  const Share share{2, 3, 6, 0.5};
  const at::Tensor part = pipeline.applied(images.narrow(0, 2, 3), at::scalar_tensor(0.7, kNumbers),
                                           {stream.cpu(), &share});
  CHECK(distance(part, whole.narrow(0, 2, 3)) < 1e-12);
}

TEST_CASE("the probability moves towards the target every few steps, and stays within 0 and 1") {
  const auto after = [](double beginning, const std::vector<double>& scores, int steps,
                        bool adapts = true) {
    AdaOptions options = small(beginning);
    options.adapts = adapts;
    Ada ada(options, kNumbers);
    for (int step = 0; step < steps; ++step) {
      ada.begin_step();
      for (const double score : scores) ada.note(at::full({2, 1}, score, kNumbers), 1);
      ada.end_step(8, nullptr);
    }
    return ada.probability();
  };
  // 80 images from 0 to 1: 24 of them in three steps.
  CHECK(after(0, {1, 2}, 2) == 0);
  CHECK(after(0, {1, 2}, 3) == doctest::Approx(0.3));
  CHECK(after(0, {1, 2}, 11) == doctest::Approx(0.9));
  CHECK(after(0, {1, 2}, 100) == 1);
  CHECK(after(0.7, {1, -1}, 3) == doctest::Approx(0.4));
  CHECK(after(0.7, {1, -1}, 100) == 0);
  // The mean of the signs of five scores, four of them above the middle, is 0.6 and no target is
  // nearer.
  CHECK(after(0.5, {1, 1, 1, 1, -1}, 3) == 0.5);
  CHECK(after(0.5, {1, 2}, 9, /*adapts=*/false) == 0.5);
}

TEST_CASE("signs are of scores counted from the middle, and those of a step that failed are gone") {
  AdaOptions options = small(0.5);
  options.middle = 0.5;
  options.interval = 1;
  Ada ada(options, kNumbers);
  ada.begin_step();
  ada.note(at::full({4, 1}, 0.6, kNumbers), 1);
  ada.begin_step();
  ada.note(at::full({1, 1}, 0.4, kNumbers), 1);
  ada.end_step(8, nullptr);
  // Of all five scores the mean sign would be 0.6, the target.
  CHECK(ada.probability() == doctest::Approx(0.4));
}

TEST_CASE("ranks note each image once, those of a batch that is too small to be shared, too") {
  // Three batches of 17 images; the last has one, which all ranks look at.
  const auto noted = [](const std::shared_ptr<Group>& group) {
    AdaOptions options = small(0.3);
    options.interval = 100;
    const auto pair = small_pair(7, at::kDouble);
    pair->ada = std::make_unique<Ada>(options, kNumbers);
    if (group) pair->sharing = std::make_shared<Sharing>(group, 1, /*normalizes_together=*/true);
    Trainer trainer(pair, make_fused_step(pair));
    trainer.use(std::make_shared<Dataset>(Training::bytes().narrow(0, 0, 17), at::kCPU), 8);
    for (int i = 0; i < 3; ++i) trainer.step();
    return trainer.snapshot().tensor("ada").clone();
  };
  const at::Tensor alone = noted(nullptr);
  std::vector<at::Tensor> found(3);
  const auto errors = as_ranks(3, [&](const std::shared_ptr<Group>& group) {
    found[static_cast<size_t>(group->rank())] = noted(group);
  });
  for (const std::string& error : errors) CHECK(error == "");
  CHECK(alone[2].item<double>() == 17);
  for (const at::Tensor& one : found) CHECK(distance(one, alone) < 1e-9);
}

TEST_CASE("a trainer with ada goes on from the middle of an interval, bit for bit") {
  for (const bool is_fused : {true, false}) {
    Training whole(small(0.3), is_fused), begun(small(0.3), is_fused), going(small(), is_fused);
    whole.run(11);
    begun.run(4);
    going.trainer->restore(begun.trainer->snapshot());
    going.trainer->use(going.data, 8);
    going.run(7);
    const Snapshot one = whole.trainer->snapshot(), other = going.trainer->snapshot();
    CHECK(one.counts == other.counts);
    CHECK(one.count("ada.steps") == 2);
    REQUIRE(one.tensors.size() == other.tensors.size());
    for (const auto& [name, tensor] : one.tensors) CHECK(at::equal(tensor, other.tensor(name)));
    CHECK(one.tensor("ada")[0].item<double>() != 0.3);
  }
}

TEST_CASE("a report tells the probability where it was watched") {
  Training training(small(0.25));
  training.trainer->step(/*watched=*/true);
  CHECK(training.trainer->report().health->augment_probability == 0.25);
  training.run(2);
  training.trainer->step(/*watched=*/true);
  CHECK(training.trainer->report().health->augment_probability != 0.25);
}

TEST_CASE("what a checkpoint has for ada is checked before it is believed") {
  const char* const refusal =
      "Expected a probability and two sums for ada in the checkpoint but received other values";
  const Snapshot sound = Training().trainer->snapshot();
  const auto with = [&](const at::Tensor& ada) {
    Snapshot changed = sound;
    for (auto& [name, tensor] : changed.tensors) {
      if (name == "ada") tensor = ada;
    }
    return changed;
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const at::Tensor& wrong :
       {at::zeros({2}, kNumbers), at::zeros({3}, at::kFloat), at::tensor({1.5, 0.0, 0.0}, kNumbers),
        at::tensor({nan, 0.0, 0.0}, kNumbers), at::tensor({0.5, nan, 0.0}, kNumbers)}) {
    Training training;
    CHECK_THROWS_WITH_AS(training.trainer->restore(with(wrong)), refusal, Error);
    CHECK(training.pair->ada->probability() == 0.3);
  }
  Snapshot without = sound;
  std::erase_if(without.tensors, [](const auto& one) { return one.first == "ada"; });
  CHECK_THROWS_AS(Training().trainer->restore(without), Error);
}
