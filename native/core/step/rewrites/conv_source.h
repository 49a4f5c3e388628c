// A convolution as the rewrites see it: by itself, or within spectral normalisation or an equalized
// learning rate, which give it another weight at each pass.
#pragma once

#include <functional>
#include <optional>

#include "core/nn/convolution.h"

namespace sparring {

struct ConvSource {
  std::shared_ptr<Conv2d> conv;  // for its sizes and bias
  std::function<at::Tensor()> weight;

  static std::optional<ConvSource> of(const ModulePtr& module);
  // A square kernel of that side with steps of 1, which keeps height and width.
  bool keeps_size(int64_t kernel) const;
  // And may look at the channels in groups.
  bool keeps_size_in_groups(int64_t kernel) const;
};

}  // namespace sparring
