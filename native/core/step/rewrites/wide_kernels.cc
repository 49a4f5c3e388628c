#include "core/step/rewrites/wide_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int kNarrow = 3, kWide = 4;
// Kernels that are worth a thread of their own.
constexpr int64_t kGrain = 1024;

// Along one axis a wide kernel has the sums of neighbours, and of nothing beyond the ends.
template <typename T>
void widen(const T* from, T* to, T factor) {
  T rows[kWide][kNarrow];
  for (int i = 0; i < kNarrow; ++i) {
    const T upper = from[i], middle = from[kNarrow + i], lower = from[2 * kNarrow + i];
    rows[0][i] = upper;
    rows[1][i] = middle + upper;
    rows[2][i] = lower + middle;
    rows[3][i] = lower;
  }
  for (int row = 0; row < kWide; ++row) {
    T* const out = to + kWide * row;
    out[0] = rows[row][0] * factor;
    out[1] = (rows[row][1] + rows[row][0]) * factor;
    out[2] = (rows[row][2] + rows[row][1]) * factor;
    out[3] = rows[row][2] * factor;
  }
}

// The way back: each value was added to a square of four.
template <typename T>
void narrow(const T* from, T* to, T factor) {
  T columns[kWide][kNarrow];
  for (int row = 0; row < kWide; ++row) {
    const T* const in = from + kWide * row;
    for (int i = 0; i < kNarrow; ++i) columns[row][i] = in[i] + in[i + 1];
  }
  for (int row = 0; row < kNarrow; ++row) {
    for (int i = 0; i < kNarrow; ++i) {
      to[kNarrow * row + i] = (columns[row][i] + columns[row + 1][i]) * factor;
    }
  }
}

// By half a turn: a kernel back to front.
template <typename T, int kSide>
void turn(T* values) {
  for (int i = 0, last = kSide * kSide - 1; i < last; ++i, --last) {
    std::swap(values[i], values[last]);
  }
}

struct Way {
  bool back, turned;
  double factor;
};

template <typename T, int kFrom, int kTo>
void change_all(const at::Tensor& from, const at::Tensor& to, const Way& way) {
  const int64_t inner = from.size(1), outer_step = from.stride(0), inner_step = from.stride(1);
  const T* const values = from.const_data_ptr<T>();
  T* const results = to.mutable_data_ptr<T>();
  const T factor = static_cast<T>(way.factor);
  at::parallel_for(0, from.size(0) * inner, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T* const one = values + i / inner * outer_step + i % inner * inner_step;
      T* const result = results + i * kTo * kTo;
      if constexpr (kFrom == kNarrow) {
        widen(one, result, factor);
      } else {
        narrow(one, result, factor);
      }
      if (way.turned) turn<T, kTo>(result);
    }
  });
}

// The kernels may lie in any order, as those of a gradient of transposed ones do.
at::Tensor changed(const at::Tensor& given, const Way& way) {
  const bool are_whole = given.stride(3) == 1 && given.stride(2) == given.size(3);
  const at::Tensor from = are_whole ? given : given.contiguous();
  const int64_t side = way.back ? kNarrow : kWide;
  const at::Tensor to = at::empty({from.size(0), from.size(1), side, side}, from.options());
  AT_DISPATCH_FLOATING_TYPES(from.scalar_type(), "wide_kernels", [&] {
    if (way.back) {
      change_all<scalar_t, kWide, kNarrow>(from, to, way);
    } else {
      change_all<scalar_t, kNarrow, kWide>(from, to, way);
    }
  });
  return to;
}

// Its derivative is the way back, whose derivative is it again.
class Changed : public torch::autograd::Function<Changed> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& kernels, bool back,
                            bool turned, double factor) {
    context->saved_data["back"] = back;
    context->saved_data["turned"] = turned;
    context->saved_data["factor"] = factor;
    return changed(kernels, {back, turned, factor});
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto& kept = context->saved_data;
    const at::Tensor back = apply(gradients[0], !kept["back"].toBool(), kept["turned"].toBool(),
                                  kept["factor"].toDouble());
    return {back, {}, {}, {}};
  }
};

at::Tensor by_torch(const at::Tensor& kernels, bool turned, double factor) {
  const at::Tensor padded =
      at::constant_pad_nd(turned ? kernels.flip({2, 3}) : kernels, {1, 1, 1, 1});  // 5 x 5
  const at::Tensor rows = padded.narrow(2, 1, kWide) + padded.narrow(2, 0, kWide);
  const at::Tensor wide = rows.narrow(3, 1, kWide) + rows.narrow(3, 0, kWide);
  return factor == 1 ? wide : wide * factor;
}

}  // namespace

at::Tensor wide_kernels(const at::Tensor& kernels, bool turned, double factor) {
  const bool is_real = kernels.scalar_type() == at::kFloat || kernels.scalar_type() == at::kDouble;
  if (!is_real || !kernels.is_cpu()) return by_torch(kernels, turned, factor);
  return Changed::apply(kernels, /*back=*/false, turned, factor);
}

}  // namespace sparring
