#pragma once

#include "core/nn/linear.h"

namespace sparring {

// Goodfellow et al. 2013: each output is the largest of `pieces` linear functions.
class Maxout : public Module {
 public:
  Maxout(const Layer& layer, RandomStream& stream);
  // [N, in] -> [N, out]
  at::Tensor forward(const at::Tensor& input, const Context& context) override;

  // [N, in] -> [N, out · pieces], those of an output side by side.
  const std::shared_ptr<Linear>& linear() const { return linear_; }
  int64_t pieces() const { return pieces_; }

 private:
  int64_t out_, pieces_;
  std::shared_ptr<Linear> linear_;
};

}  // namespace sparring
