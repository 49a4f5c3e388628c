#include "core/runtime/vector_math.h"

#include "core/torch.h"

namespace sparring {

void settle_vector_math() {
  const at::NoGradGuard no_grad;
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    // Small enough for one thread, and in the range of all of them.
    const at::Tensor numbers = at::full({16}, 0.5, type);
    for (const auto function : {at::tanh, at::exp, at::log, at::sqrt, at::sin, at::cos}) {
      (void)function(numbers);
    }
  }
}

}  // namespace sparring
