#include "core/nn/weighted.h"

namespace sparring {

void Weighted::own(const Shape& weight, int64_t out, bool bias, RandomStream& stream) {
  weight_ = register_parameter("weight", at::empty(weight));
  if (bias) bias_ = register_parameter("bias", at::empty({out}));
  init_weight_and_bias(weight_, bias_, stream);
}

void Weighted::draw_anew(const Init& init, RandomStream& stream) const {
  init.draw({kind(), weight_, bias_}, stream);
}

}  // namespace sparring
