#include "core/step/rewrites/conv_source.h"

#include "core/nn/equalized.h"
#include "core/nn/spectral_norm.h"

namespace sparring {

std::optional<ConvSource> ConvSource::of(const ModulePtr& module) {
  if (auto conv = std::dynamic_pointer_cast<Conv2d>(module)) {
    return ConvSource{conv, [conv] { return conv->weight(); }};
  }
  if (auto equalized = std::dynamic_pointer_cast<Equalized>(module)) {
    const auto inside = std::dynamic_pointer_cast<Conv2d>(equalized->inner());
    // The rewrites take the bias as it is.
    if (!inside || !equalized->has_own_bias()) return std::nullopt;
    return ConvSource{inside, [equalized] { return equalized->weight(); }};
  }
  const auto norm = std::dynamic_pointer_cast<SpectralNorm>(module);
  const auto inner = norm ? std::dynamic_pointer_cast<Conv2d>(norm->inner()) : nullptr;
  if (!inner) return std::nullopt;
  return ConvSource{inner, [norm] { return norm->next_weight(); }};
}

bool ConvSource::keeps_size(int64_t kernel) const {
  return conv->sizes().groups == 1 && keeps_size_in_groups(kernel);
}

bool ConvSource::keeps_size_in_groups(int64_t kernel) const {
  const Shape one{1, 1}, half{kernel / 2, kernel / 2};
  const at::Tensor& weight = conv->weight();
  const ConvSizes& sizes = conv->sizes();
  return weight.size(2) == kernel && weight.size(3) == kernel && kernel % 2 == 1 &&
         sizes.stride == one && sizes.padding == half && sizes.dilation == one;
}

}  // namespace sparring
