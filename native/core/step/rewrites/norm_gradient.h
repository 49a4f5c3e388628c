// The backward pass of normalisation with a (leaky) ReLU after it as something that has derivatives
// of its own: for gradient penalties.
#pragma once

#include <torch/csrc/autograd/custom_function.h>

#include "core/step/rewrites/sample_norm_kernels.h"

namespace sparring {

// What a pass leaves to its derivatives.
struct NormKept {
  at::Tensor x, weight, output;  // layer normalisation's weight is an image, and lies as x does
  // Of columns: [C], or [N, C] where samples are normalised by themselves, or [N] as layers.
  at::Tensor mean, scale;
  // 0: each channel by the statistics of the batch. Else every sample by its own, its channels in
  // so many groups.
  int64_t groups;
  double slope, eps;

  void save(torch::autograd::AutogradContext& context,
            torch::autograd::variable_list more = {}) const;
  // Of what was saved; `more` comes after so many tensors of its own.
  static NormKept by(torch::autograd::AutogradContext& context,
                     const torch::autograd::variable_list& saved);
  static constexpr size_t kOwn = 5;

  // Images lie as x does, as a matrix, or as one for each sample.
  at::Tensor rows(const at::Tensor& images) const;
  NormGradient of(const at::Tensor& gradient) const;
  // Like the weight, as loops take it: [C], or layer normalisation's as a matrix.
  at::Tensor factors(const at::Tensor& alike) const;
  bool is_of_layer() const { return weight.dim() == 4; }
};

// A batch's, by the kernels of its device.
NormSums batch_sums(const NormGradient& of, const NormKept& kept, const NormKernels& kernels);
// dx = scale · (h - mean(h) - normal · mean(h · normal)), with h = weight · g.
at::Tensor batch_gradient_at_x(const NormGradient& of, const NormKept& kept, const NormSums& sums,
                               const NormKernels& kernels);

// Gradients at x, the weight and the bias by operations that have derivatives of their own; the
// first by loops on the CPU, whose derivatives are loops as well, where it alone is needed.
torch::autograd::variable_list differentiable_backward(const NormKept& kept,
                                                       const at::Tensor& gradient,
                                                       const std::array<bool, 3>& needs,
                                                       bool has_loops);

}  // namespace sparring
