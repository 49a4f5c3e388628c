#pragma once

#include "core/nn/weighted.h"

namespace sparring {

class Linear : public Weighted {
 public:
  Linear(int64_t in, int64_t out, bool bias, RandomStream& stream);
  // [N, in] -> [N, out]
  at::Tensor apply(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                   const Context& = {}) const override;

 protected:
  Redrawn::Kind kind() const override { return Redrawn::kLinear; }
};

}  // namespace sparring
