#include "core/data/pipeline.h"

#include <cmath>
#include <numbers>

#include "core/table.h"

namespace sparring {

// What is drawn for one batch: [N, 1, 1], a number for each sample.
class AugmentationPipeline::Draws {
 public:
  Draws(const at::Tensor& images, const at::Tensor& probability, const Rows& rows)
      : probability_(probability),
        rows_(rows),
        count_(images.size(0)),
        options_(images.options().requires_grad(false)) {}

  // Whether a change is made; with a smaller probability where two may be made in one's place.
  at::Tensor chosen() const { return uniform() < probability_; }
  at::Tensor chosen_of_two() const { return uniform() < 1 - (1 - probability_).sqrt(); }
  // U(0, 1), U(-1, 1), N(0, 1), and whole numbers from 0 to below `end`
  at::Tensor uniform() const {
    return draw([&](at::IntArrayRef shape, const at::Generator& generator) {
      return at::rand(shape, generator, options_);
    });
  }
  at::Tensor both_ways() const { return uniform() * 2 - 1; }
  at::Tensor normal() const {
    return draw([&](at::IntArrayRef shape, const at::Generator& generator) {
      return at::randn(shape, generator, options_);
    });
  }
  at::Tensor whole(int64_t end) const {
    return draw([&](at::IntArrayRef shape, const at::Generator& generator) {
      return at::randint(0, end, shape, generator, options_);
    });
  }
  Origin origin() const { return Origin::same(count_, options_); }
  at::Tensor nowhere() const { return at::zeros({count_, 1, 1}, options_.dtype(at::kBool)); }

 private:
  template <class Make>
  at::Tensor draw(const Make& make) const {
    return rows_.draw(count_, [&](int64_t count, const at::Generator& generator) {
      return make({count, 1, 1}, generator);
    });
  }

  const at::Tensor& probability_;
  const Rows& rows_;
  int64_t count_;
  at::TensorOptions options_;
};

namespace {

// Spreads of the paper. Of factors: of their logarithms to base 2.
constexpr double kReach = 0.125, kScale = 0.2, kShift = 0.125, kBrightness = 0.2, kContrast = 0.5,
                 kSaturation = 1;

// [N, 1, 1] beside images
at::Tensor beside(const at::Tensor& numbers) { return numbers.unsqueeze(3); }

// What is done to colours, [N, 1, 1, 1] each: added to all of them; the factors of their mean and
// of their distance from it; and the angle by which that is turned.
struct Tint {
  at::Tensor brightness, luma, angle, chroma;
};

at::Tensor tinted(const at::Tensor& images, const Tint& tint) {
  const at::Tensor grey = images.mean({1}, /*keepdim=*/true), colour = images - grey;
  // One after the other, so that gradients are summed in the order of a script that says so.
  const at::Tensor before = colour.roll({1}, {1}), after = colour.roll({-1}, {1});
  // The cross product with the grey axis.
  const at::Tensor across = (before - after) / std::numbers::sqrt3;
  const at::Tensor kept = colour * tint.angle.cos(), moved = across * tint.angle.sin();
  const at::Tensor lit = (grey + tint.brightness) * tint.luma;
  return lit + (kept + moved) * tint.chroma;
}

// The same as one matrix for each sample: what goes over memory a dozen times above does so once.
at::Tensor mixed(const at::Tensor& images, const Tint& tint) {
  const auto flat = [](const at::Tensor& numbers) { return numbers.flatten(1).unsqueeze(2); };
  const at::Tensor same = at::eye(3, tint.angle.options());
  const at::Tensor grey = at::full_like(same, 1.0 / 3);
  const at::Tensor across = (same.roll({1}, {0}) - same.roll({-1}, {0})) / std::numbers::sqrt3;
  const at::Tensor turned =
      flat(tint.angle.cos()) * (same - grey) + flat(tint.angle.sin()) * across;
  const at::Tensor matrix = flat(tint.luma) * grey + flat(tint.chroma) * turned;
  const at::Tensor added = flat(tint.brightness * tint.luma).expand({-1, 3, 1});
  return at::baddbmm(added, matrix, images.flatten(2)).view(images.sizes());
}

}  // namespace

AugmentationPipeline::AugmentationPipeline(const std::vector<std::string>& transforms,
                                           at::IntArrayRef image, const at::TensorOptions& options)
    : channels_(image[0]), height_(image[1]), width_(image[2]), warp_(height_, width_, options) {
  const std::map<std::string, bool*> table = {
      {"blit", &blits_}, {"color", &colours_}, {"geometry", &bends_}};
  for (const std::string& transform : transforms) *row(table, transform, "transform") = true;
}

at::Tensor AugmentationPipeline::applied(const at::Tensor& images, const at::Tensor& probability,
                                         const Rows& rows, bool rewritten) const {
  rewritten = rewritten && has_rewrites(images.device());
  const Draws draws(images, probability, rows);
  at::Tensor seen = images;
  Origin origin = draws.origin();
  if (blits_) {
    origin = blitted(draws);
    seen = rewritten ? Warp::copied_by_loops(images, origin) : warp_.copied(images, origin);
  }
  if (bends_) {
    // From the images themselves: what was moved out of sight may come back.
    at::Tensor any = draws.nowhere();
    const Origin all = bent(draws, std::move(origin), any);
    const at::Tensor resampled =
        rewritten ? Warp::resampled_by_loops(images, all, any) : warp_.resampled(images, all);
    seen = at::where(beside(any), resampled, seen);
  }
  return colours_ ? coloured(draws, seen, rewritten) : seen;
}

Origin AugmentationPipeline::blitted(const Draws& draws) const {
  const at::Tensor flips = draws.chosen(), side = draws.whole(2);
  const at::Tensor one = at::ones_like(side);
  Origin origin = draws.origin().scaled(1 - at::where(flips, side, 0) * 2, one);
  // An image that is not square has two ways to fit its frame.
  const bool is_square = height_ == width_;
  const at::Tensor turns = draws.chosen(), quarters = draws.whole(is_square ? 4 : 2);
  const at::Tensor quarter = at::where(turns, is_square ? quarters : quarters * 2, 0);
  const auto is = [&](int64_t number) { return (quarter == number).to(quarter.scalar_type()); };
  origin = origin.turned(is(0) - is(2), is(1) - is(3));
  const at::Tensor moves = draws.chosen(), right = draws.both_ways(), down = draws.both_ways();
  const auto pixels = [&](const at::Tensor& drawn, int64_t size) {
    return at::where(moves, (drawn * (kReach * static_cast<double>(size))).round(), 0);
  };
  return origin.moved(pixels(right, width_), pixels(down, height_));
}

Origin AugmentationPipeline::bent(const Draws& draws, Origin origin, at::Tensor& any) const {
  const auto factor = [&] {
    const at::Tensor chosen = draws.chosen(), drawn = draws.normal();
    any = any | chosen;
    return at::where(chosen, (drawn * kScale).exp2(), 1);
  };
  const auto turned = [&](const Origin& before) {
    const at::Tensor chosen = draws.chosen_of_two(), drawn = draws.both_ways();
    any = any | chosen;
    const at::Tensor angle = at::where(chosen, drawn * std::numbers::pi, 0);
    return before.turned(angle.cos(), angle.sin());
  };
  const at::Tensor larger = factor();
  origin = turned(origin.scaled(larger, larger));
  const at::Tensor wider = factor();
  origin = turned(origin.scaled(wider, wider.reciprocal()));
  const at::Tensor moves = draws.chosen(), right = draws.normal(), down = draws.normal();
  any = any | moves;
  const auto pixels = [&](const at::Tensor& drawn, int64_t size) {
    return at::where(moves, drawn * (kShift * static_cast<double>(size)), 0);
  };
  return origin.moved(pixels(right, width_), pixels(down, height_));
}

// The paper's matrices in closed form: all but brightness leave the grey axis where it is, so that
// a pixel's mean and its distance from the mean go their own ways.
at::Tensor AugmentationPipeline::coloured(const Draws& draws, const at::Tensor& images,
                                          bool rewritten) const {
  at::Tensor any = draws.nowhere();
  const auto drawn = [&](const at::Tensor& chosen, const at::Tensor& value, double otherwise) {
    any = any | chosen;
    return beside(at::where(chosen, value, otherwise));
  };
  const at::Tensor lightens = draws.chosen();
  const at::Tensor brightness = drawn(lightens, draws.normal() * kBrightness, 0);
  const at::Tensor sharpens = draws.chosen();
  const at::Tensor contrast = drawn(sharpens, (draws.normal() * kContrast).exp2(), 1);
  if (channels_ == 1) return at::where(beside(any), (images + brightness) * contrast, images);
  const at::Tensor inverts = draws.chosen();
  const at::Tensor luma = contrast * drawn(inverts, 1 - draws.whole(2) * 2, 1);
  const at::Tensor turns = draws.chosen();
  const at::Tensor angle = drawn(turns, draws.both_ways() * std::numbers::pi, 0);
  const at::Tensor saturates = draws.chosen();
  const at::Tensor chroma = contrast * drawn(saturates, (draws.normal() * kSaturation).exp2(), 1);
  const Tint tint{brightness, luma, angle, chroma};
  return at::where(beside(any), rewritten ? mixed(images, tint) : tinted(images, tint), images);
}

}  // namespace sparring
