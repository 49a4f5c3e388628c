#include "core/nn/weighted.h"

#include "core/nn/init.h"

namespace sparring {

void Weighted::own(const Shape& weight, int64_t out, bool bias, RandomStream& stream) {
  weight_ = register_parameter("weight", at::empty(weight));
  if (bias) bias_ = register_parameter("bias", at::empty({out}));
  init_weight_and_bias(weight_, bias_, stream);
}

void Weighted::init_uniform(double range, RandomStream& stream) {
  const at::NoGradGuard no_grad;
  weight_.uniform_(-range, range, stream.cpu());
  if (bias_.defined()) bias_.zero_();
}

}  // namespace sparring
