#include "core/nn/resampling.h"

#include "core/nn/families.h"

namespace sparring {

at::Tensor Upsample::forward(const at::Tensor& input) {
  return at::upsample_nearest2d(input, at::OptionalIntArrayRef{},
                                at::ArrayRef<double>{factor_, factor_});
}

ModulePtr build_upsample(const Layer& layer, RandomStream&) {
  return std::make_shared<Upsample>(layer.number("scaleFactor"));
}

}  // namespace sparring
