#include "cuda/norm.h"

#include <algorithm>

namespace sparring {
namespace {

#include "cuda/kernels/norm_block.h"

constexpr Extent kThreads{kWide, kDeep};
// Blocks enough for all of a large GPU, and rows enough for each to be worth it.
constexpr int64_t kMostBlocks = 1024, kRowsOfThread = 4;
// Numbers that a part of a sum consists of, at most: see Moments.
constexpr int64_t kNumbersOfPart = 3;

int64_t divided(int64_t all, int64_t each) { return (all + each - 1) / each; }

Extent blocks_of(const at::Tensor& x) { return norm_blocks(x.size(0), x.size(1)); }

std::string named(const char* kernel, const at::Tensor& x) {
  const bool is_single = x.scalar_type() == at::kFloat;
  const char* const type =
      is_single ? "float" : (x.scalar_type() == at::kDouble ? "double" : "bfloat16");
  return std::string(kernel) + "_" + type;
}

Argument pointer(const at::Tensor& tensor) { return tensor.data_ptr(); }
Argument rows(const at::Tensor& x) { return static_cast<long long>(x.size(0)); }
Argument columns(const at::Tensor& x) { return static_cast<int>(x.size(1)); }

// A number in the type of the columns' numbers.
Argument number(double value, const at::Tensor& x) {
  if (x.scalar_type() == at::kDouble) return value;
  return static_cast<float>(value);
}

// Room for what each block has of its columns.
at::Tensor parts_of(const at::Tensor& x, Extent blocks) {
  const auto type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return at::empty({blocks.y, x.size(1), kNumbersOfPart}, x.options().dtype(type));
}

}  // namespace

Extent norm_blocks(int64_t rows, int64_t columns) {
  const int64_t wide = divided(columns, kWide);
  const int64_t most = std::max<int64_t>(1, kMostBlocks / wide);
  const int64_t deep = std::clamp<int64_t>(divided(rows, kDeep * kRowsOfThread), 1, most);
  return {static_cast<unsigned>(wide), static_cast<unsigned>(deep)};
}

bool DeviceNormKernels::take(at::ScalarType values, at::ScalarType numbers) const {
  if (values == at::kBFloat16) return numbers == at::kFloat;
  return values == numbers && (values == at::kFloat || values == at::kDouble);
}

void DeviceNormKernels::take_statistics(const at::Tensor& x, const at::Tensor& mean,
                                        const at::Tensor& variance) const {
  const Extent blocks = blocks_of(x);
  const at::Tensor parts = parts_of(x, blocks);
  launcher_.launch(named("part_statistics", x), blocks, kThreads,
                   {pointer(x), rows(x), columns(x), pointer(parts)});
  launcher_.launch(
      named("merge_statistics", x), {blocks.x, 1}, kThreads,
      {pointer(parts), static_cast<int>(blocks.y), columns(x), pointer(mean), pointer(variance)});
}

void DeviceNormKernels::scale_and_bend(const at::Tensor& x, const NormLines& lines, double slope,
                                       const at::Tensor& output) const {
  launcher_.launch(named("scale_and_bend", x), blocks_of(x), kThreads,
                   {pointer(x), pointer(lines.mean), pointer(lines.along), pointer(lines.offset),
                    number(slope, x), rows(x), columns(x), pointer(output)});
}

void DeviceNormKernels::sum_gradients(const NormGradient& of, const at::Tensor& mean,
                                      const at::Tensor& sum, const at::Tensor& dot) const {
  const auto& [gradient, output, x, slope] = of;
  const Extent blocks = blocks_of(x);
  const at::Tensor parts = parts_of(x, blocks);
  launcher_.launch(named("part_sums", x), blocks, kThreads,
                   {pointer(gradient), pointer(output), pointer(x), pointer(mean), number(slope, x),
                    rows(x), columns(x), pointer(parts)});
  launcher_.launch(
      named("merge_sums", x), {blocks.x, 1}, kThreads,
      {pointer(parts), static_cast<int>(blocks.y), columns(x), pointer(sum), pointer(dot)});
}

void DeviceNormKernels::combine(const NormGradient& of, const at::Tensor& factor,
                                const NormLines& lines, const at::Tensor& into) const {
  const auto& [gradient, output, x, slope] = of;
  launcher_.launch(named("combine", x), blocks_of(x), kThreads,
                   {pointer(gradient), pointer(output), pointer(x), pointer(factor),
                    pointer(lines.mean), pointer(lines.along), pointer(lines.offset),
                    number(slope, x), rows(x), columns(x), pointer(into)});
}

}  // namespace sparring
