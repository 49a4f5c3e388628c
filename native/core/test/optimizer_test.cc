#include "core/optim/optimizer.h"

#include <cmath>

#include "core/error.h"
#include "core/optim/average.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

Options sgd(double from, double to, bool nesterov) {
  return {{"lr", 1e-2},       {"momentumFrom", from}, {"momentumTo", to},   {"momentumSteps", 3.0},
          {"dampening", 0.1}, {"nesterov", nesterov}, {"weightDecay", 1e-3}};
}

Options rmsprop(double momentum, bool centered) {
  return {{"lr", 1e-2},          {"alpha", 0.9},         {"eps", 1e-8},
          {"weightDecay", 1e-3}, {"momentum", momentum}, {"centered", centered}};
}

std::vector<Choice> all_optimizers() {
  const Options moments = adam(1e-2, 1e-3).optimizer.options;
  Options largest = moments;
  largest.set("amsgrad", true);
  // That the largest square is another than the last.
  largest.set("beta2", 0.5);
  return {{"adam", moments},
          {"adamW", moments},
          {"adam", largest},
          {"adamW", largest},
          {"sgd", sgd(0, 0, false)},
          {"sgd", sgd(0.5, 0.7, false)},
          {"sgd", sgd(0.9, 0.9, true)},
          {"rmsprop", rmsprop(0, false)},
          {"rmsprop", rmsprop(0.9, true)}};
}

double rate(const Choice& choice, double base, int64_t update) {
  return make_schedule(choice)(base, update);
}

}  // namespace

TEST_CASE("an unknown optimizer and an unknown schedule are refused") {
  CHECK_THROWS_WITH_AS(make_optimizer({{"nonsense", {}}, {"constant", {}}, 0}, {}),
                       "Expected a known optimizer but received nonsense", Error);
  CHECK_THROWS_WITH_AS(make_schedule({"nonsense", {}}),
                       "Expected a known schedule but received nonsense", Error);
}

TEST_CASE("fused and exact updates agree for every optimizer, on gradients of other strides too") {
  for (const Choice& choice : all_optimizers()) {
    CAPTURE(choice.type);
    // The second has more values than stay in the cache.
    const at::Tensor start = at::randn({6, 4, 3, 3}, at::kDouble),
                     large = at::randn({5003}, at::kDouble);
    const std::vector<at::Tensor> a{start.clone(), large.clone()}, b{start.clone(), large.clone()};
    const OptimizerChoice clipped{choice, {"constant", {}}, 50.0};
    const auto exact = make_optimizer(clipped, a), fused = make_optimizer(clipped, b);
    for (int i = 0; i < 5; ++i) {
      const at::Tensor gradient = at::randn_like(start).contiguous(at::MemoryFormat::ChannelsLast);
      REQUIRE(gradient.strides() != start.strides());
      const at::Tensor other = at::randn_like(large);
      exact->step_exact({gradient, other});
      fused->step_fused({gradient, other});
    }
    for (size_t i = 0; i < a.size(); ++i) CHECK(distance(b[i], a[i]) < 1e-12);
    CHECK(distance(a[0], start) > 1e-3);
  }
}

TEST_CASE("a parameter without a gradient is left alone, and so is its count of updates") {
  for (const Choice& choice : all_optimizers()) {
    CAPTURE(choice.type);
    const at::Tensor kept = at::ones({3}, at::kDouble), alone = at::ones({3}, at::kDouble);
    const at::Tensor gradient = at::full({3}, 0.5, at::kDouble);
    const auto both = make_optimizer({choice, {"constant", {}}, 0}, {at::ones({2}), kept});
    const auto one = make_optimizer({choice, {"constant", {}}, 0}, {alone});
    both->step_exact({at::Tensor(), at::Tensor()});
    CHECK(at::equal(kept, at::ones({3}, at::kDouble)));
    // A momentum that rises counts the optimizer's updates, not the parameter's.
    if (choice.type == "sgd") continue;
    both->step_fused({at::Tensor(), gradient});
    one->step_fused({gradient});
    CHECK(distance(kept, alone) < 1e-12);
  }
}

TEST_CASE("clipping scales all gradients to the norm, together, and leaves small ones alone") {
  const Choice plain{"sgd",
                     {{"lr", 1.0},
                      {"momentumFrom", 0.0},
                      {"momentumTo", 0.0},
                      {"momentumSteps", 1.0},
                      {"dampening", 0.0},
                      {"nesterov", false},
                      {"weightDecay", 0.0}}};
  for (const double limit : {1.0, 100.0}) {
    const at::Tensor a = at::zeros({1}, at::kDouble), b = at::zeros({1}, at::kDouble);
    const auto optimizer = make_optimizer({plain, {"constant", {}}, limit}, {a, b});
    optimizer->step_exact({at::full({1}, 3.0, at::kDouble), at::full({1}, 4.0, at::kDouble)});
    const double expected = limit == 1 ? 1 : 5;
    CHECK((a * a + b * b).sqrt().item<double>() == doctest::Approx(expected).epsilon(1e-5));
    CHECK((a / b).item<double>() == doctest::Approx(0.75));
  }
}

TEST_CASE("schedules follow their formulas and stay where they end") {
  const Choice linear{"linear", {{"to", 0.1}, {"steps", 10.0}, {"after", 0.0}}};
  CHECK(rate(linear, 2, 0) == 2);
  CHECK(rate(linear, 2, 5) == doctest::Approx(1.1));
  CHECK(rate(linear, 2, 10) == doctest::Approx(0.2));
  CHECK(rate(linear, 2, 99) == doctest::Approx(0.2));
  const Choice later{"linear", {{"to", 0.0}, {"steps", 10.0}, {"after", 20.0}}};
  CHECK(rate(later, 2, 0) == 2);
  CHECK(rate(later, 2, 20) == 2);
  CHECK(rate(later, 2, 25) == 1);
  CHECK(rate(later, 2, 30) == 0);
  CHECK(rate(later, 2, 99) == 0);
  const Choice exponential{"exponential", {{"gamma", 0.5}, {"min", 0.3}}};
  CHECK(rate(exponential, 2, 1) == 1);
  CHECK(rate(exponential, 2, 2) == 0.5);
  CHECK(rate(exponential, 2, 3) == 0.3);
  const Choice cosine{"cosine", {{"steps", 10.0}, {"min", 1.0}}};
  CHECK(rate(cosine, 3, 0) == 3);
  CHECK(rate(cosine, 3, 5) == doctest::Approx(2));
  CHECK(rate(cosine, 3, 10) == doctest::Approx(1));
  const Choice step{"step", {{"stepSize", 3.0}, {"gamma", 0.5}}};
  CHECK(rate(step, 2, 2) == 2);
  CHECK(rate(step, 2, 3) == 1);
  CHECK(rate(step, 2, 6) == 0.5);
  const Choice multi_step{"multiStep", {{"milestones", Shape{2, 7}}, {"gamma", 0.5}}};
  CHECK(rate(multi_step, 2, 1) == 2);
  CHECK(rate(multi_step, 2, 2) == 1);
  CHECK(rate(multi_step, 2, 6) == 1);
  CHECK(rate(multi_step, 2, 7) == 0.5);
  CHECK(rate(multi_step, 2, 99) == 0.5);
  CHECK(rate({"constant", {}}, 3, 77) == 3);
  const Choice warm_up{
      "warmUp",
      {{"warmUp", 4.0}, {"from", 0.5}, {"schedule", "step"}, {"stepSize", 3.0}, {"gamma", 0.5}}};
  CHECK(rate(warm_up, 2, 0) == 1);
  CHECK(rate(warm_up, 2, 2) == 1.5);
  CHECK(rate(warm_up, 2, 4) == 2);
  CHECK(rate(warm_up, 2, 6) == 2);
  CHECK(rate(warm_up, 2, 7) == 1);
}

TEST_CASE("the average starts short, reaches its decay, and copies running statistics") {
  const auto pair = small_pair(1, at::kDouble);
  RandomStream other(2);
  const auto target = std::make_shared<Network>(small_generator(5), at::kCPU, at::kDouble, other);
  Average average(target, {0.999, 0.05});
  at::Tensor expected = target->state()[0].second.detach().clone();
  const at::Tensor weight = pair->generator->state()[0].second;
  const double half_life = std::log(0.5) / std::log(0.999);
  pair->generator->state()[4].second.fill_(7);
  for (int t = 1; t <= 3; ++t) {
    average.begin();
    average.end(*pair->generator);
    const double decay = std::pow(0.5, 1 / std::min(half_life, t * 0.05));
    expected = expected * decay + weight.detach() * (1 - decay);
    CHECK(distance(target->state()[0].second.detach(), expected) < 1e-12);
  }
  CHECK(at::equal(target->state()[4].second, pair->generator->state()[4].second));
  Average full(target, {0.9, 0});
  expected = target->state()[0].second.detach() * 0.9 + weight.detach() * 0.1;
  full.begin();
  full.end(*pair->generator);
  CHECK(distance(target->state()[0].second.detach(), expected) < 1e-12);
}

TEST_CASE("averages go along with fused updates, to where they would be taken after them") {
  for (const Choice& choice : all_optimizers()) {
    CAPTURE(choice.type);
    // More values than stay in the cache, and a parameter that is not always updated.
    const std::vector<at::Tensor> parameters{at::randn({5003}, at::kDouble),
                                             at::randn({3}, at::kDouble)};
    const auto optimizer = make_optimizer({choice, {"constant", {}}, 0}, parameters);
    Following following;
    std::vector<at::Tensor> expected;
    for (const at::Tensor& parameter : parameters) {
      following.averages.push_back(at::randn_like(parameter));
      expected.push_back(following.averages.back().clone());
    }
    optimizer->lead(&following);
    for (const double weight : {0.9, 0.25, 1.0}) {
      following.weight = weight;
      following.is_done = false;
      optimizer->step_fused({at::randn({5003}, at::kDouble),
                             weight == 0.25 ? at::Tensor() : at::randn({3}, at::kDouble)});
      CHECK(following.is_done);
      for (size_t i = 0; i < parameters.size(); ++i) {
        expected[i] = expected[i] * (1 - weight) + parameters[i] * weight;
        CHECK(distance(following.averages[i], expected[i]) < 1e-12);
      }
    }
    following.is_done = false;
    optimizer->step_exact({at::ones({5003}, at::kDouble), at::ones({3}, at::kDouble)});
    CHECK_FALSE(following.is_done);
    CHECK(distance(following.averages[0], expected[0]) < 1e-12);
  }
}

TEST_CASE("an average whose weights were taken along is not taken there twice") {
  const auto pair = small_pair(1, at::kDouble);
  RandomStream other(2);
  const auto target = std::make_shared<Network>(small_generator(5), at::kCPU, at::kDouble, other);
  Average average(target, {0.5, 0});
  pair->generator_optimizer->lead(average.follows());
  std::vector<at::Tensor> gradients, expected;
  for (const at::Tensor& parameter : pair->generator->parameters()) {
    gradients.push_back(at::ones_like(parameter));
  }
  for (const at::Tensor& mean : target->parameters()) expected.push_back(mean.detach().clone());
  average.begin();
  pair->generator_optimizer->step_fused(gradients);
  average.end(*pair->generator);
  for (size_t i = 0; i < expected.size(); ++i) {
    const at::Tensor half = (expected[i] + pair->generator->parameters()[i].detach()) / 2;
    CHECK(distance(target->parameters()[i].detach(), half) < 1e-12);
  }
}

TEST_CASE("updates can be recorded where nothing that the host computes anew changes them") {
  const auto is_recordable = [](const Options& options, const Choice& schedule, int64_t each) {
    return make_optimizer({{"sgd", options}, schedule}, {at::zeros({2})})->is_recordable(each);
  };
  const Choice constant{"constant", {}}, falling{"exponential", {{"gamma", 0.5}, {"min", 0.0}}};
  CHECK(is_recordable(sgd(0.9, 0.9, true), constant, 3));
  CHECK_FALSE(is_recordable(sgd(0.5, 0.7, false), constant, 1));
  CHECK_FALSE(is_recordable(sgd(0.9, 0.9, true), falling, 1));
}

TEST_CASE("counts of a replay add up, and those that are set are gone on from") {
  const at::Tensor parameter = at::ones({2}).requires_grad_();
  const auto optimizer = make_optimizer(adam(0.1), {parameter});
  optimizer->step_fused({at::ones({2})});
  // The device has moved the averages, too.
  Following following;
  following.averages = {at::zeros({2})};
  optimizer->lead(&following);
  optimizer->add_counts({2, {1}});
  CHECK(following.is_done);
  optimizer->lead(nullptr);
  CHECK(optimizer->counts().updates == 3);
  CHECK(optimizer->counts().of_parameters == std::vector<int64_t>{2});
  optimizer->set_counts({7, {5}});
  optimizer->step_fused({at::ones({2})});
  CHECK(optimizer->counts().updates == 8);
  CHECK(optimizer->counts().of_parameters == std::vector<int64_t>{6});
}
