#include "core/step/rewrites/maxout_kernels.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "core/linalg/product.h"
#include "core/linalg/sparse_product.h"
#include "core/wide.h"

namespace sparring {
namespace {

// Values that are worth another thread.
constexpr int64_t kGrain = 16384;
// Multiplications that are, of sparse products.
constexpr int64_t kWorthAThread = int64_t{1} << 18;
// Rows of the other matrix in a sparse product: a strip of them stays in the cache.
constexpr int64_t kRows = 96;

at::Tensor turned(const at::Tensor& matrix) {
  const at::Tensor to = at::empty({matrix.size(1), matrix.size(0)}, matrix.options());
  transpose(matrix, to);
  return to;
}

// [out · pieces, N]: a piece's numbers lie side by side.
at::Tensor all_pieces(const at::Tensor& input, const at::Tensor& weight, Multiply by) {
  const at::Tensor all = at::empty({weight.size(0), input.size(0)}, input.options());
  by(all, weight, turned(input), /*accumulate=*/false);
  return all;
}

// The pieces of one output, and how many numbers each has.
template <class T>
struct Pieces {
  const T *values, *bias;
  int64_t count, length;
};

template <class T>
SPARRING_WIDE void find_largest(const Pieces<T>& pieces, T* values, int32_t* places) {
  const int64_t length = pieces.length;
  for (int32_t piece = 0; piece < pieces.count; ++piece) {
    const T* const from = pieces.values + piece * length;
    const T bias = pieces.bias == nullptr ? 0 : pieces.bias[piece];
    const bool first = piece == 0;
    SPARRING_APART
    for (int64_t i = 0; i < length; ++i) {
      const T one = from[i] + bias;
      const bool above = first | (one > values[i]) | (one != one);
      values[i] = above ? one : values[i];
      places[i] = above ? piece : places[i];
    }
  }
}

// Calls loop(T, first, last) for ranges of outputs with so many numbers each.
template <class Loop>
void for_outputs(const at::Tensor& like, int64_t outputs, int64_t each, const Loop& loop) {
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, each));
  AT_DISPATCH_FLOATING_TYPES(like.scalar_type(), "maxout", [&] {
    at::parallel_for(0, outputs, grain,
                     [&](int64_t first, int64_t last) { loop(scalar_t{}, first, last); });
  });
}

// What a sparse product takes of the gradient: of these outputs and samples.
struct Range {
  int64_t first_output, outputs, first_sample, samples;
};

template <class T>
struct Gradient {
  const T* values;        // [out, N]
  const int32_t* places;  // [out, N], from an output to the next:
  int64_t samples, next_places, pieces;
};

// [outputs · pieces, samples] of the range.
template <class T>
void take_by_piece(const Gradient<T>& gradient, const Range& range, SparseMatrix<T>& to) {
  const auto for_values = [&](const auto& take) {
    for (int64_t output = 0; output < range.outputs; ++output) {
      const int64_t row = range.first_output + output;
      const T* const values = gradient.values + row * gradient.samples + range.first_sample;
      const int32_t* const places =
          gradient.places + row * gradient.next_places + range.first_sample;
      for (int64_t i = 0; i < range.samples; ++i) {
        take(output * gradient.pieces + places[i], i, values[i]);
      }
    }
  };
  // Counted two places further on, the terms of a row then move the bound before them to its place.
  to.bounds.assign(range.outputs * gradient.pieces + 2, 0);
  for_values([&](int64_t row, int64_t, T value) { to.bounds[row + 2] += value != 0; });
  for (size_t i = 2; i < to.bounds.size(); ++i) to.bounds[i] += to.bounds[i - 1];
  // A 0 goes behind all: a branch, which half of the values may take, would take longer.
  const int32_t behind = to.bounds.back();
  to.terms.resize(behind + 1);
  for_values([&](int64_t row, int64_t column, T value) {
    to.terms[value != 0 ? to.bounds[row + 1] : behind] = {static_cast<int32_t>(column), value};
    to.bounds[row + 1] += value != 0;
  });
  to.bounds.pop_back();
}

// [samples, outputs · pieces] of the range.
template <class T>
void take_by_sample(const Gradient<T>& gradient, const Range& range, SparseMatrix<T>& to) {
  to.bounds.assign(1, 0);
  to.terms.resize(range.samples * range.outputs + 1);
  int32_t next = 0;
  for (int64_t i = range.first_sample; i < range.first_sample + range.samples; ++i) {
    for (int64_t output = 0; output < range.outputs; ++output) {
      const int64_t row = range.first_output + output;
      const int32_t place = gradient.places[row * gradient.next_places + i];
      const T value = gradient.values[row * gradient.samples + i];
      to.terms[next] = {static_cast<int32_t>(output * gradient.pieces) + place, value};
      next += value != 0;
    }
    to.bounds.push_back(next);
  }
}

// Calls work(first, count) for parts of `total` of so many each, side by side if that is worth it.
template <class Work>
void for_parts(int64_t total, int64_t each, int64_t multiplications, const Work& work) {
  const int64_t parts = (total + each - 1) / each;
  const int64_t grain = multiplications < kWorthAThread ? std::max<int64_t>(1, parts) : 1;
  at::parallel_for(0, parts, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) work(i * each, std::min(each, total - i * each));
  });
}

// `values`: [out, N].
template <class T>
Gradient<T> read(const at::Tensor& values, const at::Tensor& places, int64_t pieces) {
  return {values.const_data_ptr<T>(), places.const_data_ptr<int32_t>(), values.size(1),
          places.stride(0), pieces};
}

}  // namespace

Chosen Chosen::empty(int64_t samples, int64_t outputs, const at::TensorOptions& options) {
  return {at::empty({samples, outputs}, options),
          at::empty({outputs, samples}, options.dtype(at::kInt))};
}

void choose_largest(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                    const Chosen& to, Multiply by) {
  const at::Tensor all = all_pieces(input, weight, by);
  const int64_t outputs = to.values.size(1), samples = all.size(1);
  const at::Tensor values = at::empty({outputs, samples}, all.options());
  for_outputs(all, outputs, all.numel() / outputs, [&](auto zero, int64_t first, int64_t last) {
    using T = decltype(zero);
    const int64_t pieces = all.size(0) / outputs;
    for (int64_t i = first; i < last; ++i) {
      const T* const biases = bias.defined() ? bias.const_data_ptr<T>() + i * pieces : nullptr;
      find_largest<T>({all.const_data_ptr<T>() + i * pieces * samples, biases, pieces, samples},
                      values.mutable_data_ptr<T>() + i * samples,
                      to.places.mutable_data_ptr<int32_t>() + i * to.places.stride(0));
    }
  });
  transpose(values, to.values);
}

at::Tensor choose(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& places,
                  Multiply by) {
  const at::Tensor all = all_pieces(input, weight, by);
  const int64_t outputs = places.size(0), samples = all.size(1), pieces = all.size(0) / outputs;
  const at::Tensor values = at::empty(places.sizes(), all.options());
  for_outputs(all, outputs, samples, [&](auto zero, int64_t first, int64_t last) {
    for (int64_t output = first; output < last; ++output) {
      const int32_t* const place = places.const_data_ptr<int32_t>() + output * places.stride(0);
      const auto* const from = all.const_data_ptr<decltype(zero)>() + output * pieces * samples;
      auto* const to = values.mutable_data_ptr<decltype(zero)>() + output * samples;
      for (int64_t i = 0; i < samples; ++i) to[i] = from[place[i] * samples + i];
    }
  });
  return turned(values);
}

void input_gradient(const Chosen& gradient, const at::Tensor& weight, const at::Tensor& to) {
  const at::Tensor values = turned(gradient.values), by = weight.contiguous();
  const int64_t outputs = values.size(0), samples = values.size(1), width = by.size(1);
  const int64_t pieces = by.size(0) / outputs, each = std::max<int64_t>(1, kRows / pieces);
  const int64_t threads = at::get_num_threads();
  const int64_t part = std::clamp<int64_t>((samples + threads - 1) / threads, 16, 128);
  AT_DISPATCH_FLOATING_TYPES(values.scalar_type(), "maxout", [&] {
    const auto from = read<scalar_t>(values, gradient.places, pieces);
    for_parts(samples, part, values.numel() * width, [&](int64_t sample, int64_t count) {
      SparseMatrix<scalar_t> some;
      for (int64_t output = 0; output < outputs; output += each) {
        take_by_sample(from, {output, std::min(each, outputs - output), sample, count}, some);
        sparse_product(some, by.const_data_ptr<scalar_t>() + output * pieces * width, width,
                       to.mutable_data_ptr<scalar_t>() + sample * width, output > 0);
      }
    });
  });
}

void weight_gradient(const Chosen& gradient, const at::Tensor& input, const at::Tensor& to,
                     bool accumulate) {
  const at::Tensor values = turned(gradient.values), by = input.contiguous();
  const int64_t outputs = values.size(0), samples = values.size(1), width = by.size(1);
  const int64_t pieces = to.size(0) / outputs, part = std::max<int64_t>(1, kRows / pieces);
  AT_DISPATCH_FLOATING_TYPES(values.scalar_type(), "maxout", [&] {
    const auto from = read<scalar_t>(values, gradient.places, pieces);
    for_parts(outputs, part, values.numel() * width, [&](int64_t output, int64_t count) {
      SparseMatrix<scalar_t> some;
      for (int64_t sample = 0; sample < samples; sample += kRows) {
        take_by_piece(from, {output, count, sample, std::min(kRows, samples - sample)}, some);
        sparse_product(some, by.const_data_ptr<scalar_t>() + sample * width, width,
                       to.mutable_data_ptr<scalar_t>() + output * pieces * width,
                       accumulate || sample > 0);
      }
    });
  });
}

void bias_gradient(const Chosen& gradient, const at::Tensor& to) {
  const at::Tensor values = turned(gradient.values);
  const int64_t outputs = values.size(0), samples = values.size(1), pieces = to.size(0) / outputs;
  for_outputs(values, outputs, samples, [&](auto zero, int64_t first, int64_t last) {
    using T = decltype(zero);
    const auto from = read<T>(values, gradient.places, pieces);
    T* const sums = to.mutable_data_ptr<T>();
    std::fill(sums + first * pieces, sums + last * pieces, zero);
    for (int64_t output = first; output < last; ++output) {
      const int32_t* const place = from.places + output * from.next_places;
      for (int64_t i = 0; i < samples; ++i) {
        sums[output * pieces + place[i]] += from.values[output * samples + i];
      }
    }
  });
}

}  // namespace sparring
