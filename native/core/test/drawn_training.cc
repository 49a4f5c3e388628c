#include "core/test/drawn_training.h"

#include "core/test/check.h"  // last: see there
#include "core/test/drawn_rules.h"

namespace sparring::test {
namespace {

// Losses and all that both networks hold, in a row. First weights are off by about `off` of them.
at::Tensor train(const DrawnPair& drawn, const DrawnRules& rules, uint64_t seed,
                 const at::Device& device, bool is_fused, double off = 0) {
  const auto pair = make_drawn(drawn, rules, seed, at::TensorOptions(device).dtype(at::kDouble));
  for (const auto& network : {pair->generator, pair->discriminator}) {
    for (const at::Tensor& one : network->parameters()) {
      one.detach().mul_(1 + off * at::randn_like(one));
    }
  }
  const auto step = is_fused ? make_fused_step(pair) : make_eager_step(pair);
  RandomStream data(seed + 1);
  std::vector<at::Tensor> all;
  int64_t batches = 0;
  for (int i = 0; i < 2; ++i) {
    const Losses losses = step->run([&] {
      const int64_t rows = rows_of(rules, batches++);
      Shape shape = drawn.image;
      shape.insert(shape.begin(), rows);
      const at::Tensor images = at::rand(shape, data.cpu(), at::TensorOptions(at::kDouble));
      const at::Tensor labels = at::randint(3, {rows}, data.cpu(), at::TensorOptions(at::kLong));
      return Batch{(images * 2 - 1).to(device), labels.to(device)};
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
Verdict compare(const at::Tensor& found, const at::Tensor& expected, const Train& again) {
  const bool ends = expected.isfinite().all().item<bool>();
  if (ends != found.isfinite().all().item<bool>()) return Verdict::kOther;
  if (!ends) return Verdict::kNothing;
  if (apart(found, expected) < kBound) return Verdict::kAlike;
  if (expected.abs().max().item<double>() > 1e6) return Verdict::kNothing;
  for (int i = 0; i < 5; ++i) {
    if (apart(again(), expected) > kBound) return Verdict::kNothing;
  }
  return Verdict::kOther;
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
  const at::Tensor eager = train(drawn, rules, seed, device, false);
  const auto again = [&, whole = rules] { return train(drawn, whole, seed, device, false, 1e-13); };
  const Verdict verdict = compare(train(drawn, rules, seed, device, true), eager, again);
  CHECK(verdict != Verdict::kOther);
  // In parts a generator that moves second has fresh fakes: the graph of all of them would wait.
  const bool waits = rules.order == Order::kDiscriminatorFirst && rules.shares_fakes;
  if (waits) return verdict == Verdict::kAlike;
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

void train_drawn(uint32_t seed, DrawnPair (*draw_networks)(Drawer&)) {
  Drawer draw(seed);
  const DrawnPair drawn = draw_networks(draw);
  train(drawn, draw_rules(draw, seed), seed, at::kCPU, /*is_fused=*/true);
}

}  // namespace sparring::test
