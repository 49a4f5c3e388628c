#include "core/metrics/scores.h"

#include <vector>

namespace sparring {

at::Tensor inception_scores(const at::Tensor& logits, int64_t splits) {
  const at::NoGradGuard no_grad;
  const at::Tensor all = logits.to(at::kDouble).log_softmax(1);
  std::vector<at::Tensor> scores;
  for (int64_t i = 0; i < splits; ++i) {
    // As the authors cut it: a part is i N / splits up to (i + 1) N / splits.
    const int64_t start = i * all.size(0) / splits, end = (i + 1) * all.size(0) / splits;
    const at::Tensor part = all.narrow(0, start, end - start), shares = part.exp();
    const at::Tensor mean = shares.mean(0, true);
    // A class that no sample can have adds nothing: 0 log 0 is 0.
    const at::Tensor divergence =
        (shares * part).nan_to_num(0).sum(1) - (shares * mean.log().nan_to_num(0, 0, 0)).sum(1);
    scores.push_back(divergence.mean().exp());
  }
  return at::stack(scores);
}

at::Tensor class_counts(const at::Tensor& logits) {
  return logits.argmax(1).bincount({}, logits.size(1));
}

}  // namespace sparring
