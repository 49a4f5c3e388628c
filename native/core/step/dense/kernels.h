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

// output = values · curve'(x), told by output = curve(x) before. For a curve of straight lines.
void take_place(const at::Tensor& values, const at::Tensor& output,
                const Nonlinearity& nonlinearity);
bool is_piecewise_linear(const Nonlinearity& nonlinearity);

// out = curve(share · x + (1 - share) · y), where upper = curve(x) and lower = curve(y) are told,
// and `share`, [rows, 1], is a number for each row. For a curve that can be undone: see
// is_invertible().
void bend_between(const at::Tensor& upper, const at::Tensor& lower, const at::Tensor& share,
                  const Nonlinearity& nonlinearity, const at::Tensor& out);
bool is_invertible(const Nonlinearity& nonlinearity);

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

// The way back through output = curve(norm(x)).
struct WayBack {
  at::Tensor gradient;  // for the output; becomes that for x, in place
  at::Tensor output, x;
  const Norm& norm;
  const Nonlinearity& nonlinearity;
};

// Writes the gradients for weight and bias, too, where they are defined.
void unbend_and_denormalize(const WayBack& of, const at::Tensor& weight_gradient,
                            const at::Tensor& bias_gradient);

// The halves of both ways, between which the other ranks have a say (sync_norm.h).

// Mean and (biased) variance of each column.
void take_statistics(const at::Tensor& x, const at::Tensor& mean, const at::Tensor& variance);
// output = curve(norm(x)) with the norm's mean and scale as they are.
void apply_norm_and_bend(const at::Tensor& x, const Norm& norm, const Nonlinearity& nonlinearity,
                         const at::Tensor& output);
// The first half of the way back: the gradient becomes that for the normalised x before weight and
// bias. `sum` is its sum over the rows, `dot` that of it times the normalised x.
void unbend_and_sum(const WayBack& of, const at::Tensor& sum, const at::Tensor& dot);
// The second half: the gradient becomes that for x. The sums may be of more rows.
void denormalize(const WayBack& of, const at::Tensor& sum, const at::Tensor& dot);

}  // namespace sparring::dense
