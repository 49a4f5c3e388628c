#include "core/step/rewrites/same_conv_kernels.h"

#include <ATen/Dispatch.h>

#include <array>

#include "core/step/rewrites/winograd.h"

namespace sparring::same_conv {

using namespace winograd;

namespace {

constexpr int64_t kTaps = 9;
// A window begins a pixel before its tile.
constexpr Places kWindows{1, -1, -1}, kTiles{1, 0, 0};

template <class Rule, class T>
class Passes {
 public:
  Passes(const Grid& grid, int64_t groups) : grid_(grid), groups_(groups) {}

  void convolve(const at::Tensor& image, const at::Tensor& weight, Direction direction,
                const at::Tensor& bias, const at::Tensor& output) const {
    const int64_t in = image.size(1), out = output.size(1), most = most_tiles(grid_);
    const int64_t in_each = in / groups_, out_each = out / groups_;
    const Layout<T> kernels(kPoints, in_each, out_each), windows(kPoints, most, in),
        products(kPoints, most, out);
    const at::Tensor transformed = room_for<T>(groups_ * kernels.values);
    const auto kernel_of = [&](int64_t group) {
      return kernels.at(transformed.mutable_data_ptr<T>() + group * kernels.values);
    };
    const int64_t rows = weight.size(0) / groups_;
    for (int64_t group = 0; group < groups_; ++group) {
      transform_weight(weight.narrow(0, group * rows, rows), direction, kernel_of(group));
    }
    const std::vector<T> zeros(in);
    const Pixels<T> pixels(image, zeros.data());
    for_chunks<T>(grid_, most, windows.values + products.values, [&](const Chunk& chunk, T* room) {
      const Matrices<T> from = windows.at(room), to = products.at(room + windows.values);
      transform_pixels<Ways<Rule>::window, T>(pixels, chunk, kWindows, from);
      for (int64_t group = 0; group < groups_; ++group) {
        batch_product<T>({kPoints, chunk.count, in_each, out_each}, to.of_columns(group * out_each),
                         from.of_columns(group * in_each), kernel_of(group));
      }
      untransform_tiles<Ways<Rule>::results, T>(to, chunk, kTiles, bias_values<T>(bias), output);
    });
  }

  void weight_gradient(const at::Tensor& image, const at::Tensor& gradient,
                       const at::Tensor& result) const {
    const int64_t in = image.size(1), out = gradient.size(1), tiles = grid_.tiles();
    const int64_t in_each = in / groups_, out_each = out / groups_;
    if (tiles == 0) return static_cast<void>(result.zero_());
    const int64_t threads = std::max(1, at::get_num_threads());
    const Shares shares(tiles, out, threads, groups_ == 1 ? Shares::kVector : out_each);
    const Layout<T> sums(kPoints, out, in_each);
    const at::Tensor all = room_for<T>(shares.parts() * sums.values);
    const std::vector<T> zeros(std::max(in, out));
    const Pixels<T> wide(image, zeros.data()), narrow(gradient, zeros.data());
    at::parallel_for(0, shares.count(), 1, [&](int64_t begin, int64_t end) {
      for (int64_t unit = begin; unit < end; ++unit) {
        const Shares::Share own = shares.at(unit);
        const Matrices<T> to = sums.at(all.mutable_data_ptr<T>() + own.part * sums.values);
        // Whole groups, as each has an input of its own; or some channels of the only one.
        const int64_t first = groups_ == 1 ? 0 : own.first_channel / out_each;
        const int64_t groups = groups_ == 1 ? 1 : own.channels / out_each;
        sum_products(wide.of_channels(first * in_each, groups * in_each),
                     narrow.of_channels(own.first_channel, own.channels), groups,
                     {grid_, own.first_tile, own.tiles}, to.of_rows(own.first_channel));
      }
    });
    const at::Tensor of_parts = all.view({shares.parts(), sums.values});
    untransform_weight(shares.parts() == 1 ? all : of_parts.sum(0), sums, result);
  }

 private:
  static constexpr int64_t kPoints = Rule::kPoints * Rule::kPoints;
  // Tiles at a time for sums over them, which are longer then.
  static constexpr int64_t kMostOfSum = Rule::kTile == 2 ? 128 : 64;

  // [out, in, 3, 3] at its points: [points, in, out], or [points, out, in] of the turned kernel.
  static void transform_weight(const at::Tensor& weight, Direction direction,
                               const Matrices<T>& to) {
    const bool forward = direction == Direction::kForward;
    const int64_t out = weight.size(0), in = weight.size(1);
    // A line of what is made has the taps of one input, or of one result.
    const int64_t lines = forward ? in : out, length = forward ? out : in;
    const int64_t step = forward ? in * kTaps : kTaps, line_step = forward ? kTaps : in * kTaps;
    const int64_t next = apart<T>(length);
    const T* from = weight.const_data_ptr<T>();
    for_lines<T>(lines, kTaps, length, [&](int64_t line, T* taps) {
      gather_taps(from + line * line_step, step, kTaps, length, taps);
      std::array<const T*, kTaps> given;
      std::array<T*, kPoints> made;
      for (int64_t k = 0; k < kTaps; ++k) given[forward ? k : kTaps - 1 - k] = taps + k * next;
      for (int64_t k = 0; k < kPoints; ++k) made[k] = to.first + k * to.next + line * to.row;
      transform<Ways<Rule>::kernel, T>(given.data(), length, made.data());
    });
  }

  // The sums of products at the points, over a part of the tiles: [points, out, in / groups].
  static void sum_products(const Pixels<T>& image, const Pixels<T>& gradient, int64_t groups,
                           const Chunk& part, const Matrices<T>& sums) {
    const int64_t in_each = image.channels / groups, out_each = gradient.channels / groups;
    const int64_t most = std::min(kMostOfSum, part.count);
    const Layout<T> windows(kPoints, most, image.channels), tiles(kPoints, most, gradient.channels);
    const at::Tensor room = room_for<T>(windows.values + tiles.values);
    const Matrices<T> of_image = windows.at(room.mutable_data_ptr<T>());
    const Matrices<T> of_gradient = tiles.at(of_image.first + windows.values);
    for (int64_t done = 0; done < part.count; done += most) {
      const Chunk chunk{part.grid, part.first + done, std::min(most, part.count - done)};
      transform_pixels<Ways<Rule>::window, T>(image, chunk, kWindows, of_image);
      transform_pixels<Ways<Rule>::tile, T>(gradient, chunk, kTiles, of_gradient);
      for (int64_t group = 0; group < groups; ++group) {
        batch_product<T>({kPoints, out_each, chunk.count, in_each}, sums.of_rows(group * out_each),
                         of_gradient.of_columns(group * out_each),
                         of_image.of_columns(group * in_each), /*accumulate=*/done > 0,
                         /*transposes_a=*/true);
      }
    }
  }

  // [points, out, in] -> [out, in, 3, 3]
  static void untransform_weight(const at::Tensor& sums, const Layout<T>& layout,
                                 const at::Tensor& weight) {
    const int64_t out = weight.size(0), in = weight.size(1), next = apart<T>(in);
    const T* from = sums.const_data_ptr<T>();
    T* to = weight.mutable_data_ptr<T>();
    for_lines<T>(out, kTaps, in, [&](int64_t line, T* taps) {
      std::array<const T*, kPoints> given;
      std::array<T*, kTaps> made;
      for (int64_t k = 0; k < kPoints; ++k) given[k] = from + k * layout.plane + line * layout.row;
      for (int64_t k = 0; k < kTaps; ++k) made[k] = taps + k * next;
      transform<Ways<Rule>::taps, T>(given.data(), in, made.data());
      scatter_taps(taps, kTaps, in, to + line * in * kTaps);
    });
  }

  Grid grid_;
  int64_t groups_;  // each of as many channels
};

// Calls function(passes) for images like that, by the rule with the fewest products.
template <class Function>
void with_passes(const at::Tensor& like, int64_t groups, const Function& function) {
  const int64_t height = like.size(2), width = like.size(3);
  AT_DISPATCH_FLOATING_TYPES(like.scalar_type(), "sameConv", [&] {
    with_fewest<TwoByThree, FourByThree>(like.size(0), height, width,
                                         [&](auto rule, const Grid& grid) {
                                           function(Passes<decltype(rule), scalar_t>(grid, groups));
                                         });
  });
}

}  // namespace

int64_t products(int64_t batch, int64_t height, int64_t width) {
  return fewest_products<TwoByThree, FourByThree>(batch, height, width);
}

at::Tensor convolve(const at::Tensor& image, const at::Tensor& weight, Direction direction,
                    int64_t groups, const at::Tensor& bias) {
  const int64_t out = direction == Direction::kForward ? weight.size(0) : weight.size(1) * groups;
  const at::Tensor output = empty_image(image, {image.size(0), out, image.size(2), image.size(3)});
  const at::Tensor whole = weight.detach().contiguous();
  with_passes(image, groups,
              [&](const auto& passes) { passes.convolve(image, whole, direction, bias, output); });
  return output;
}

at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient, int64_t groups) {
  const at::Tensor result = at::empty({gradient.size(1), image.size(1) / groups, 3, 3},
                                      at::TensorOptions(image.scalar_type()));
  with_passes(gradient, groups,
              [&](const auto& passes) { passes.weight_gradient(image, gradient, result); });
  return result;
}

}  // namespace sparring::same_conv
