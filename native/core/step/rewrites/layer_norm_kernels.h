// Layer normalisation of each sample and the (leaky) ReLU after it on the CPU: as
// sample_norm_kernels.h and norm_second.h have it, with one mean and variance for all of a sample,
// and a factor for each of its values. `weight` and `bias` are [rows, columns], in the order of the
// sample's values; numbers are [samples].
#pragma once

#include "core/step/rewrites/norm_second.h"
#include "core/step/rewrites/sample_norm_kernels.h"

namespace sparring {

void normalize_layers(const at::Tensor& x, const SampleNormRule& rule, double slope,
                      const at::Tensor& mean, const at::Tensor& scale, const at::Tensor& output);

// The sums are of h = weight · g, and of h · normal.
void differentiate_layers(const NormGradient& of, const SampleNumbers& by, const NormSums& sums,
                          const SampleDerivatives& into);

void differentiate_layers_again(const NormGradient& of, const at::Tensor& v, const NormNumbers& by,
                                const SecondDerivatives& into);

}  // namespace sparring
