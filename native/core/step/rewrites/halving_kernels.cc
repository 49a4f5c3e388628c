#include "core/step/rewrites/halving_kernels.h"

#include <ATen/Dispatch.h>

#include <array>

#include "core/step/rewrites/winograd.h"

namespace sparring::halving {

using namespace winograd;

namespace {

constexpr int64_t kPhases = 4, kTaps = 16;

// The channels of both sides.
struct Channels {
  int64_t small, big;
};

// The pixels of a phase, on the big image or, for the way back, on the small one.
Places of_phase(int64_t phase, int64_t step) { return {step, phase / 2 - 1, phase % 2 - 1}; }

// Where the four taps of a phase are among a line's.
template <class T>
std::array<T*, 4> taps_of(int64_t phase, T* taps, int64_t next) {
  T* first = taps + (phase / 2 * 4 + phase % 2) * next;
  return {first, first + 2 * next, first + 8 * next, first + 10 * next};
}

template <class Rule, class T>
class Passes {
 public:
  Passes(const Channels& channels, const Grid& grid) : channels_(channels), grid_(grid) {}

  void halve(const at::Tensor& image, const at::Tensor& weight, const at::Tensor& bias,
             const at::Tensor& output) const {
    const int64_t small = channels_.small, big = channels_.big;
    const int64_t line = kPhases * big, most = most_tiles(grid_);
    const Layout<T> kernels(kPoints, line, small), windows(kPoints, most, line),
        products(kPoints, most, small);
    const at::Tensor transformed = room_for<T>(kernels.values);
    const Matrices<T> by = kernels.at(transformed.mutable_data_ptr<T>());
    transform_for_halving(weight, by);
    const std::vector<T> zeros(big);
    const Pixels<T> pixels(image, zeros.data());
    for_chunks<T>(grid_, most, windows.values + products.values, [&](const Chunk& chunk, T* room) {
      const Matrices<T> from = windows.at(room), to = products.at(room + windows.values);
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        transform_pixels<Ways<Rule>::window, T>(pixels, chunk, of_phase(phase, 2),
                                                {from.first + phase * big, from.next, from.row});
      }
      batch_product<T>({kPoints, chunk.count, line, small}, to, from, by);
      untransform_tiles<Ways<Rule>::results, T>(to, chunk, {1, 0, 0}, bias_values<T>(bias), output);
    });
  }

  void twice(const at::Tensor& image, const at::Tensor& weight, const at::Tensor& bias,
             const at::Tensor& output) const {
    const int64_t small = channels_.small, big = channels_.big;
    const int64_t most = most_tiles(grid_);
    const Layout<T> kernels(kPoints, small, big), windows(kPoints, most, small),
        products(kPoints, most, big);
    const at::Tensor transformed = room_for<T>(kPhases * kernels.values);
    T* const by = transformed.mutable_data_ptr<T>();
    transform_for_twice(weight, kernels, by);
    const std::vector<T> zeros(small);
    const Pixels<T> pixels(image, zeros.data());
    for_chunks<T>(grid_, most, windows.values + products.values, [&](const Chunk& chunk, T* room) {
      const Matrices<T> from = windows.at(room), to = products.at(room + windows.values);
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        transform_pixels<Ways<Rule>::window, T>(pixels, chunk, of_phase(phase, 1), from);
        batch_product<T>({kPoints, chunk.count, small, big}, to, from,
                         kernels.at(by + phase * kernels.values));
        untransform_tiles<Ways<Rule>::results, T>(to, chunk, {2, phase / 2, phase % 2},
                                                  bias_values<T>(bias), output);
      }
    });
  }

  void weight_gradient(const at::Tensor& big_image, const at::Tensor& small_image,
                       const at::Tensor& gradient) const {
    const int64_t tiles = grid_.tiles();
    if (tiles == 0) return static_cast<void>(gradient.zero_());
    // A phase has windows of its own, so they are shared out first.
    const int64_t threads = std::max(1, at::get_num_threads());
    const int64_t groups = threads >= kPhases ? kPhases : threads == 1 ? 1 : 2;
    const Shares shares(tiles, channels_.small, (threads + groups - 1) / groups);
    const int64_t phases = kPhases / groups;
    const Layout<T> sums(kPoints, channels_.small, channels_.big);
    const at::Tensor all = room_for<T>(shares.parts() * kPhases * sums.values);
    const std::vector<T> zeros(std::max(channels_.small, channels_.big));
    const Pixels<T> wide(big_image, zeros.data()), narrow(small_image, zeros.data());
    at::parallel_for(0, shares.count() * groups, 1, [&](int64_t begin, int64_t end) {
      for (int64_t unit = begin; unit < end; ++unit) {
        const Shares::Share own = shares.at(unit / groups);
        const int64_t first_phase = unit % groups * phases;
        T* const to = all.mutable_data_ptr<T>() + (own.part * kPhases + first_phase) * sums.values +
                      own.first_channel * sums.row;
        sum_products(wide, narrow.of_channels(own.first_channel, own.channels),
                     {grid_, own.first_tile, own.tiles}, first_phase, phases, sums, to);
      }
    });
    const at::Tensor of_parts = all.view({shares.parts(), kPhases * sums.values});
    untransform_weight(shares.parts() == 1 ? all : of_parts.sum(0), sums, gradient);
  }

 private:
  static constexpr int64_t kPoints = Rule::kPoints * Rule::kPoints;
  // Tiles at a time for sums over them, which are longer then.
  static constexpr int64_t kMostOfSum = Rule::kTile == 2 ? 256 : 128;

  // [small, big, 4, 4] -> [points, 4 · big, small], phases side by side.
  void transform_for_halving(const at::Tensor& weight, const Matrices<T>& to) const {
    const int64_t small = channels_.small, big = channels_.big;
    const T* from = weight.const_data_ptr<T>();
    const int64_t next = apart<T>(small);
    for_lines<T>(big, kTaps, small, [&](int64_t line, T* taps) {
      gather_taps(from + line * kTaps, big * kTaps, kTaps, small, taps);
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        const auto [g0, g1, g2, g3] = taps_of(phase, taps, next);
        transform_taps({g0, g1, g2, g3}, small, to.first + (phase * big + line) * to.row, to.next);
      }
    });
  }

  // [small, big, 4, 4] -> [4, points, small, big]
  void transform_for_twice(const at::Tensor& weight, const Layout<T>& layout, T* to) const {
    const int64_t small = channels_.small, big = channels_.big;
    const T* from = weight.const_data_ptr<T>();
    const int64_t next = apart<T>(big);
    for_lines<T>(small, kTaps, big, [&](int64_t line, T* taps) {
      gather_taps(from + line * big * kTaps, kTaps, kTaps, big, taps);
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        // The taps of a phase there are those of the opposite one here, the other way round.
        const auto [g0, g1, g2, g3] = taps_of(phase, taps, next);
        transform_taps({g3, g2, g1, g0}, big,
                       to + (kPhases - 1 - phase) * layout.values + line * layout.row,
                       layout.plane);
      }
    });
  }

  static void transform_taps(const std::array<const T*, 4>& taps, int64_t length, T* to,
                             int64_t plane) {
    std::array<T*, kPoints> points;
    for (int64_t k = 0; k < kPoints; ++k) points[k] = to + k * plane;
    transform<Ways<Rule>::kernel, T>(taps.data(), length, points.data());
  }

  // The sums of products of some phases, over a part of the tiles: [phases, points, small, big].
  void sum_products(const Pixels<T>& big, const Pixels<T>& small, const Chunk& part,
                    int64_t first_phase, int64_t phases, const Layout<T>& layout, T* sums) const {
    const int64_t most = std::min(kMostOfSum, part.count);
    const Layout<T> windows(kPoints, most, big.channels), tiles(kPoints, most, small.channels);
    const at::Tensor room = room_for<T>(windows.values + tiles.values);
    const Matrices<T> of_big = windows.at(room.mutable_data_ptr<T>());
    const Matrices<T> of_small = tiles.at(of_big.first + windows.values);
    for (int64_t done = 0; done < part.count; done += most) {
      const Chunk chunk{part.grid, part.first + done, std::min(most, part.count - done)};
      transform_pixels<Ways<Rule>::tile, T>(small, chunk, {1, 0, 0}, of_small);
      for (int64_t i = 0; i < phases; ++i) {
        transform_pixels<Ways<Rule>::window, T>(big, chunk, of_phase(first_phase + i, 2), of_big);
        batch_product<T>({kPoints, small.channels, chunk.count, big.channels},
                         layout.at(sums + i * layout.values), of_small, of_big,
                         /*accumulate=*/done > 0,
                         /*transposes_a=*/true);
      }
    }
  }

  // [4, points, small, big] -> [small, big, 4, 4]
  void untransform_weight(const at::Tensor& sums, const Layout<T>& layout,
                          const at::Tensor& weight) const {
    const int64_t small = channels_.small, big = channels_.big;
    const T* from = sums.const_data_ptr<T>();
    T* to = weight.mutable_data_ptr<T>();
    const int64_t next = apart<T>(big);
    for_lines<T>(small, kTaps, big, [&](int64_t line, T* taps) {
      for (int64_t phase = 0; phase < kPhases; ++phase) {
        std::array<const T*, kPoints> points;
        for (int64_t k = 0; k < kPoints; ++k) {
          points[k] = from + phase * layout.values + k * layout.plane + line * layout.row;
        }
        transform<Ways<Rule>::taps, T>(points.data(), big, taps_of(phase, taps, next).data());
      }
      scatter_taps(taps, kTaps, big, to + line * big * kTaps);
    });
  }

  Channels channels_;
  Grid grid_;
};

// Calls function(passes) for a small image like that, by the rule with the fewest products.
template <class Function>
void with_passes(const at::Tensor& like, const Channels& channels, int64_t height, int64_t width,
                 const Function& function) {
  AT_DISPATCH_FLOATING_TYPES(like.scalar_type(), "halving", [&] {
    with_fewest<TwoByTwo, FourByTwo>(like.size(0), height, width, [&](auto rule, const Grid& grid) {
      function(Passes<decltype(rule), scalar_t>(channels, grid));
    });
  });
}

Channels channels_of(const at::Tensor& weight) { return {weight.size(0), weight.size(1)}; }

}  // namespace

int64_t products(int64_t batch, int64_t height, int64_t width) {
  return kPhases * fewest_products<TwoByTwo, FourByTwo>(batch, height, width);
}

at::Tensor halve(const at::Tensor& image, const at::Tensor& weight, const at::Tensor& bias) {
  const Channels channels = channels_of(weight);
  const int64_t height = image.size(2) / 2, width = image.size(3) / 2;
  const at::Tensor output = empty_image(image, {image.size(0), channels.small, height, width});
  const at::Tensor whole = weight.detach().contiguous();
  with_passes(image, channels, height, width,
              [&](const auto& passes) { passes.halve(image, whole, bias, output); });
  return output;
}

at::Tensor twice(const at::Tensor& image, const at::Tensor& weight, const at::Tensor& bias) {
  const Channels channels = channels_of(weight);
  const int64_t height = image.size(2), width = image.size(3);
  const at::Tensor output =
      empty_image(image, {image.size(0), channels.big, 2 * height, 2 * width});
  const at::Tensor whole = weight.detach().contiguous();
  with_passes(image, channels, height, width,
              [&](const auto& passes) { passes.twice(image, whole, bias, output); });
  return output;
}

at::Tensor weight_gradient(const at::Tensor& big, const at::Tensor& small) {
  const Channels channels{small.size(1), big.size(1)};
  const at::Tensor gradient =
      at::empty({channels.small, channels.big, 4, 4}, at::TensorOptions(small.scalar_type()));
  with_passes(small, channels, small.size(2), small.size(3),
              [&](const auto& passes) { passes.weight_gradient(big, small, gradient); });
  return gradient;
}

}  // namespace sparring::halving
