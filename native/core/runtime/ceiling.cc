#include "core/runtime/ceiling.h"

#include <algorithm>
#include <chrono>

#include "core/linalg/product.h"

namespace sparring {
namespace {

// The fastest of several: what the machine can do when nothing else has it.
template <class Work>
double best_seconds(const Work& work) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    // Reading a number waits for a GPU, too.
    work().view({-1}).narrow(0, 0, 1).item();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    best = std::min(best, taken.count());
  }
  return best;
}

double seconds_of_product(int64_t side, const at::TensorOptions& options) {
  const at::Tensor matrix = at::ones({side, side}, options);
  at::Tensor out = at::empty_like(matrix);
  return best_seconds([&] {
    // As steps multiply: on some processors by another library than at::mm.
    if (out.is_cpu()) {
      product(out, matrix, matrix);
    } else {
      at::mm_out(out, matrix, matrix);
    }
    return out;
  });
}

}  // namespace

Ceiling measure_ceiling(const at::Device& device, Precision precision) {
  const at::NoGradGuard no_grad;
  choose_products(precision, device);
  const bool half = precision == Precision::kBfloat16;
  const auto options = at::TensorOptions(device).dtype(half ? at::kBFloat16 : at::kFloat);
  const int64_t side = device.is_cuda() ? 8192 : 1024;
  const int64_t count = int64_t{device.is_cuda() ? 64 : 16} << 20;
  const at::Tensor from = at::ones({count}, at::TensorOptions(device));
  at::Tensor to = at::empty_like(from);
  const double product = seconds_of_product(side, options);
  const double copy = best_seconds([&] { return to.copy_(from); });
  return {2 * std::pow(static_cast<double>(side), 3) / product,
          2 * static_cast<double>(from.nbytes()) / copy};
}

double bfloat16_cost() {
  const at::NoGradGuard no_grad;
  constexpr int64_t kSide = 512;
  return seconds_of_product(kSide, at::kBFloat16) / seconds_of_product(kSide, at::kFloat);
}

}  // namespace sparring
