// Central differences: the independent word on a gradient.
#pragma once

#include <functional>
#include <vector>

#include "core/torch.h"

namespace sparring::test {

// The largest difference between autograd's gradients and central differences, relative to the
// largest gradient. `loss` is a float64 function of the parameters, the same at every call.
double gradient_error(const std::function<at::Tensor()>& loss,
                      const std::vector<at::Tensor>& parameters);

}  // namespace sparring::test
