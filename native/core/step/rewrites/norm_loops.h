// The loops of normalisation over one matrix, in float32, float64, and bfloat16 with its numbers in
// float32: on all threads, or on the one that calls them where it is one of several.
#pragma once

#include "core/step/rewrites/norm_tiles.h"

namespace sparring {

// Mean and (biased) variance of each column.
template <class T>
void take_statistics_of(const SampleMatrix<T>& x, const T* values, Computed<T>* means,
                        Computed<T>* variances);

// output = leaky(lines of x).
template <class T>
void scale_and_bend_of(const SampleMatrix<T>& x, const T* values, const Lines<Computed<T>>& by,
                       Computed<T> slope, T* output);

// Sums over the rows of g, and of g · (x - mean); see NormKernels.
template <class T>
void sum_gradients_of(const SampleMatrix<T>& x, const Slopes<T>& of, const Computed<T>* mean,
                      Computed<T>* sum, Computed<T>* dot);

// into = g · factor + lines of x, column by column.
template <class T>
struct Combination {
  const T* factor;
  Lines<T> lines;
};
template <class T>
void combine_of(const SampleMatrix<T>& x, const Slopes<T>& of, const Combination<Computed<T>>& by,
                T* into);

}  // namespace sparring
