// Matrix products of float32 and float64 on the CPU.
#pragma once

#include "core/torch.h"

namespace sparring {

// Who multiplies: product() or rounded_product().
using Multiply = void (*)(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
                          bool accumulate);

// out = a b, or out += a b. Any strides of a and b; out is contiguous.
void product(const at::Tensor& out, const at::Tensor& a, const at::Tensor& b,
             bool accumulate = false);

// Whether a row's values lie side by side.
bool is_in_rows(const at::Tensor& matrix);
// [rows, columns] in rows: itself, or turned round.
at::Tensor in_rows(const at::Tensor& matrix);

// [rows, columns] -> [columns, rows], both in rows, by all threads.
void transpose(const at::Tensor& from, const at::Tensor& to);

// Who computes those of float32: the BLAS, oneDNN, or each those that it is faster at. A rule and
// no measurement, so that a seed gives the same numbers each time.
enum class Multiplier { kBlas, kEither, kOneDnn };
Multiplier multiplier();

}  // namespace sparring
