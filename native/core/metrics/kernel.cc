#include "core/metrics/kernel.h"

namespace sparring {
namespace {

at::Tensor kernel(const at::Tensor& a, const at::Tensor& b, const KernelOptions& options) {
  return a.mm(b.t()).mul_(options.gamma).add_(options.offset).pow_(options.degree);
}

// The mean of a kernel matrix without its diagonal.
double mean_apart(const at::Tensor& matrix) {
  const auto count = static_cast<double>(matrix.size(0));
  return (matrix.sum() - matrix.trace()).item<double>() / (count * (count - 1));
}

}  // namespace

double kernel_distance(const at::Tensor& real, const at::Tensor& generated,
                       const KernelOptions& options) {
  return mean_apart(kernel(real, real, options)) +
         mean_apart(kernel(generated, generated, options)) -
         2 * kernel(real, generated, options).mean().item<double>();
}

KernelDistances::KernelDistances(at::Tensor real, at::Tensor generated,
                                 const KernelOptions& options)
    : real_(std::move(real)),
      generated_(std::move(generated)),
      options_(options),
      stream_(options.seed) {}

std::optional<at::Tensor> KernelDistances::operator()() {
  const at::NoGradGuard no_grad;
  const at::Tensor real = draw(real_), generated = draw(generated_);
  values_.push_back(kernel_distance(real, generated, options_));
  if (static_cast<int64_t>(values_.size()) < options_.subsets) return std::nullopt;
  return at::tensor(values_, at::kDouble);
}

at::Tensor KernelDistances::draw(const at::Tensor& rows) {
  const at::Tensor order = at::randperm(rows.size(0), stream_.cpu(), at::kLong);
  return rows.index_select(0, order.narrow(0, 0, options_.subset_size)).to(at::kDouble);
}

}  // namespace sparring
