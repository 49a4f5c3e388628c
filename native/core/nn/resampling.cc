#include "core/nn/resampling.h"

#include "core/nn/families.h"

namespace sparring {
Upsample::Upsample(const Layer& layer)
    : factor_(layer.options.number("scaleFactor")),
      nearest_(layer.options.text("mode") == "nearest"),
      align_corners_(layer.options.flag("alignCorners")) {}

at::Tensor Upsample::forward(const at::Tensor& input, const Context&) {
  const double both[] = {factor_, factor_};  // an ArrayRef owns nothing
  const at::ArrayRef<double> factors(both);
  const auto own_size = at::OptionalIntArrayRef{};
  return nearest_ ? at::upsample_nearest2d(input, own_size, factors)
                  : at::upsample_bilinear2d(input, own_size, align_corners_, factors);
}

ModulePtr build_upsample(const Layer& layer, const FirstWeights&) {
  return std::make_shared<Upsample>(layer);
}

}  // namespace sparring
