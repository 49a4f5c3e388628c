// What stands between the matrix products of a dense network: one pass over memory each way where
// libtorch would take one for every operation. Matrices are [rows, columns], contiguous, on the
// CPU, float32 or float64.
#pragma once

#include "core/nn/activation.h"

namespace sparring::dense {

// values = curve(values + bias); `bias` may be undefined.
void add_bias_and_bend(const at::Tensor& values, const at::Tensor& bias,
                       const Nonlinearity& nonlinearity);

// gradient *= curve'(x), told by output = curve(x); sums = the rows' sum of the result, unless
// undefined.
void unbend(const at::Tensor& gradient, const at::Tensor& output, const Nonlinearity& nonlinearity,
            const at::Tensor& sums);

// What batch normalisation remembers of a pass, and what it is made of; affine may be undefined.
struct Norm {
  at::Tensor weight, bias;               // [columns]
  at::Tensor mean, scale;                // [columns]; scale is 1 / sqrt(variance + eps)
  at::Tensor running_mean, running_var;  // [columns]; undefined where none are kept
  double eps = 0, momentum = 0;
};

// output = curve(norm(x)) with the statistics of this batch; updates the running ones.
void normalize_and_bend(const at::Tensor& x, const Norm& norm, const Nonlinearity& nonlinearity,
                        const at::Tensor& output);

// The gradient for `output` becomes that for x, in place; that for weight and bias is written.
void unbend_and_denormalize(const at::Tensor& gradient, const at::Tensor& output,
                            const at::Tensor& x, const Norm& norm, const Nonlinearity& nonlinearity,
                            const at::Tensor& weight_gradient, const at::Tensor& bias_gradient);

// The halves of both, between which the other ranks have a say (sync_norm.h).
// Mean and (biased) variance of each column.
void take_statistics(const at::Tensor& x, const at::Tensor& mean, const at::Tensor& variance);
// output = curve(norm(x)) with the norm's mean and scale as they are.
void apply_norm_and_bend(const at::Tensor& x, const Norm& norm, const Nonlinearity& nonlinearity,
                         const at::Tensor& output);
// The gradient for `output` becomes that for the normalised x before weight and bias, in place;
// with its sums over the rows, and those of it times the normalised x.
void unbend_and_sum(const at::Tensor& gradient, const at::Tensor& output, const at::Tensor& x,
                    const Norm& norm, const Nonlinearity& nonlinearity, const at::Tensor& sum,
                    const at::Tensor& dot);
// That becomes the one for x, in place, by sums that may be of more rows.
void denormalize(const at::Tensor& gradient, const at::Tensor& x, const Norm& norm,
                 const at::Tensor& sum, const at::Tensor& dot);

}  // namespace sparring::dense
