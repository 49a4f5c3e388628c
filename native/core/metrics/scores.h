// What a classifier's answers say of samples. `logits`: [N, classes].
#pragma once

#include "core/torch.h"

namespace sparring {

// exp of the mean KL(p(y|x) || p(y)) (Salimans et al. 2016), of each of `splits` parts in order:
// float64 [splits].
at::Tensor inception_scores(const at::Tensor& logits, int64_t splits);

// How many samples each class got: int64 [classes].
at::Tensor class_counts(const at::Tensor& logits);

}  // namespace sparring
