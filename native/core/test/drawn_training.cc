#include "core/test/drawn_training.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "core/distributed/sharing.h"
#include "core/test/check.h"  // last: see there
#include "core/test/drawn_rules.h"
#include "core/test/ranks.h"

namespace sparring::test {
namespace {

// Losses and all that both networks hold, in a row. First weights are off by about `off` of them.
// By the ranks of a group, if there is one.
at::Tensor train(const DrawnPair& drawn, const DrawnRules& rules, uint64_t seed,
                 const at::Device& device, bool is_fused, double off = 0, int steps = 2,
                 const std::shared_ptr<Group>& group = nullptr) {
  const auto pair = make_drawn(drawn, rules, seed, at::TensorOptions(device).dtype(at::kDouble));
  if (group) {
    pair->sharing = std::make_shared<Sharing>(group, 1, /*normalizes_together=*/true);
  }
  for (const auto& network : {pair->generator, pair->discriminator}) {
    for (const at::Tensor& one : network->parameters()) {
      one.detach().mul_(1 + off * at::randn_like(one));
    }
  }
  const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
  RandomStream data(seed + 1);
  std::vector<at::Tensor> all;
  int64_t batches = 0;
  for (int i = 0; i < steps; ++i) {
    const Losses losses = step->run([&] {
      const int64_t rows = rows_of(rules, batches++);
      Shape shape = drawn.image;
      shape.insert(shape.begin(), rows);
      const at::Tensor images = at::rand(shape, data.cpu(), at::TensorOptions(at::kDouble));
      const at::Tensor labels = at::randint(3, {rows}, data.cpu(), at::TensorOptions(at::kLong));
      const Batch whole{(images * 2 - 1).to(device), labels.to(device)};
      if (!group) return whole;
      pair->sharing->divide(rows);
      const Share& share = pair->sharing->share();
      return Batch{whole.images.narrow(0, share.start, share.rows),
                   whole.labels.narrow(0, share.start, share.rows)};
    });
    all.push_back(
        at::stack({losses.generator.value, losses.discriminator.value}).cpu().to(at::kDouble));
  }
  for (const Network* network : {pair->generator.get(), pair->discriminator.get()}) {
    for (const auto& [name, tensor] : network->state()) {
      all.push_back(tensor.detach().cpu().to(at::kDouble).flatten());
    }
  }
  return at::cat(all);
}

constexpr double kBound = 1e-8;

double apart(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).abs() / expected.abs().clamp_min(1)).max().item<double>();
}

// What a training says of another that has to be the same.
enum class Verdict { kAlike, kOther, kNothing };

// Nothing, where it is itself torn between two values: at the corner of a ReLU, say, by an exact
// zero. And a training that blows up does so with every digit.
template <class Train>
Verdict compare(const at::Tensor& found, const at::Tensor& expected, const Train& again,
                double bound = kBound) {
  const bool ends = expected.isfinite().all().item<bool>();
  if (ends != found.isfinite().all().item<bool>()) return Verdict::kOther;
  if (!ends) return Verdict::kNothing;
  if (apart(found, expected) < bound) return Verdict::kAlike;
  if (expected.abs().max().item<double>() > 1e6) return Verdict::kNothing;
  for (int i = 0; i < 5; ++i) {
    if (apart(again(), expected) > bound) return Verdict::kNothing;
  }
  return Verdict::kOther;
}

// In parts a generator that moves second has fresh fakes: the graph of all of them would wait.
bool waits(const DrawnRules& rules) {
  return rules.order == Order::kDiscriminatorFirst && rules.shares_fakes;
}

// A training, as its seed has it.
struct Case {
  uint32_t seed;
  bool is_fused;
  DrawnPair drawn;
  DrawnRules rules;
};

Case draw_case(uint32_t seed) {
  Drawer draw(seed);
  const int64_t kind = draw.integer(0, 3);
  const DrawnPair drawn = kind == 0   ? draw_styled_pair(draw)
                          : kind == 1 ? draw_dropping_pair(draw)
                                      : draw_pair(draw);
  DrawnRules rules = draw_rules(draw, seed);
  rules.penalises_paths = kind == 0 && draw.chance(0.5);
  rules.momentum = draw.one_of<double>({0, 0.9});
  rules.clip = draw.one_of<double>({0, 0.1});
  rules.parts = draw.chance(0.3) && !waits(rules) ? 2 : 1;
  return {seed, draw.chance(0.7), drawn, rules};
}

bool may_be_divided(const Case& one) {
  const std::string discriminator = text_of(one.drawn.discriminator);
  const std::string networks = text_of(one.drawn.generator) + discriminator;
  if (networks.find("batchNorm") == std::string::npos) return knows_no_batch(networks);
  // That of all ranks has no second derivative, and is none of parts.
  const bool is_penalised = !one.rules.penalty.empty() || one.rules.penalises_paths;
  std::string others = networks;
  for (size_t at; (at = others.find("batchNorm")) != std::string::npos;) others.erase(at, 9);
  return !is_penalised && one.rules.parts == 1 && knows_no_batch(others);
}

at::Tensor train_case(const Case& one, double off, const std::shared_ptr<Group>& group) {
  return train(one.drawn, one.rules, one.seed, at::kCPU, one.is_fused, off, 3, group);
}

}  // namespace

bool check_drawn(uint32_t seed, const at::Device& device) {
  return check_drawn(seed, device, [](Drawer& draw) { return draw_pair(draw); });
}

bool check_drawn(uint32_t seed, const at::Device& device, DrawnPair (*draw_networks)(Drawer&)) {
  Drawer draw(seed);
  const DrawnPair drawn = draw_networks(draw);
  DrawnRules rules = draw_rules(draw, seed);
  const std::string generator = text_of(drawn.generator);
  rules.penalises_paths = generator.find("styled") != std::string::npos && draw.chance(0.5);
  const std::string discriminator = text_of(drawn.discriminator);
  CAPTURE(seed);
  CAPTURE(generator);
  CAPTURE(discriminator);
  CAPTURE(rules.objective.type);
  CAPTURE(rules.penalty);
  CAPTURE(rules.penalises_paths);
  CAPTURE(rules.rows);
  CAPTURE(rules.last_rows);
  CAPTURE(rules.frozen);
  const at::Tensor eager = train(drawn, rules, seed, device, false);
  const auto again = [&, whole = rules] { return train(drawn, whole, seed, device, false, 1e-13); };
  const Verdict verdict = compare(train(drawn, rules, seed, device, true), eager, again);
  CHECK(verdict != Verdict::kOther);
  if (waits(rules)) return verdict == Verdict::kAlike;
  rules.parts = draw.integer(2, rules.rows);
  CAPTURE(rules.parts);
  const at::Tensor in_parts = train(drawn, rules, seed, device, true);
  if (knows_no_batch(generator + discriminator)) {
    CHECK(compare(in_parts, eager, again) != Verdict::kOther);
  } else {
    const auto once_more = [&, own = rules] {
      return train(drawn, own, seed, device, false, 1e-13);
    };
    CHECK(compare(in_parts, train(drawn, rules, seed, device, false), once_more) !=
          Verdict::kOther);
  }
  return verdict == Verdict::kAlike;
}

int64_t check_ranks(uint32_t seed) {
  // Ranks that have met train many.
  constexpr uint32_t kAtOnce = 60;
  std::vector<Case> cases;
  for (uint32_t i = 0; i < kAtOnce; ++i) cases.push_back(draw_case(seed * kAtOnce + i));
  cases.erase(std::remove_if(cases.begin(), cases.end(),
                             [](const Case& one) { return !may_be_divided(one); }),
              cases.end());
  const int64_t size = 2 + seed % 2;
  std::vector<std::vector<at::Tensor>> found(size, std::vector<at::Tensor>(cases.size()));
  const auto errors = as_ranks(size, [&](const std::shared_ptr<Group>& group) {
    at::set_num_threads(1);
    auto& own = found[static_cast<size_t>(group->rank())];
    for (size_t i = 0; i < cases.size(); ++i) own[i] = train_case(cases[i], 0, group);
  });
  for (const std::string& error : errors) CHECK(error == "");
  // Vectors of spectral norms begin in float32, whose rounding is that of so many threads.
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  int64_t alike = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    const std::string generator = text_of(one.drawn.generator);
    const std::string discriminator = text_of(one.drawn.discriminator);
    CAPTURE(seed);
    CAPTURE(size);
    CAPTURE(one.is_fused);
    CAPTURE(generator);
    CAPTURE(discriminator);
    CAPTURE(one.rules.objective.type);
    CAPTURE(one.rules.penalty);
    CAPTURE(one.rules.frozen);
    const at::Tensor alone = train_case(one, 0, nullptr);
    const auto again = [&] { return train_case(one, 1e-14, nullptr); };
    for (const auto& of_rank : found) {
      REQUIRE(of_rank[i].defined());
      CHECK(at::equal(of_rank[i].nan_to_num(), found[0][i].nan_to_num()));
    }
    const Verdict verdict = compare(found[0][i], alone, again, 1e-9);
    CHECK(verdict != Verdict::kOther);
    alike += verdict == Verdict::kAlike;
  }
  at::set_num_threads(before);
  return alike;
}

void train_drawn(uint32_t seed, DrawnPair (*draw_networks)(Drawer&)) {
  Drawer draw(seed);
  const DrawnPair drawn = draw_networks(draw);
  train(drawn, draw_rules(draw, seed), seed, at::kCPU, /*is_fused=*/true);
}

}  // namespace sparring::test
