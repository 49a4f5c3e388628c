#include "core/step/rewrites/pixel_norm.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/normalization.h"
#include "core/step/rewrites/pixel_norm_kernels.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor as_images(const at::Tensor& rows, const at::Tensor& like) {
  return rows.view({like.size(0), like.size(2), like.size(3), like.size(1)}).permute({0, 3, 1, 2});
}

class PixelFunction : public torch::autograd::Function<PixelFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double eps) {
    context->save_for_backward({x});
    context->saved_data["eps"] = eps;
    return as_images(normalize_rows(as_rows(x), eps), x);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const double eps = context->saved_data["eps"].toDouble();
    // With a graph of its own, for a second derivative.
    if (at::GradMode::is_enabled()) {
      const at::Tensor output = normalize_pixels(x, eps);
      return {torch::autograd::grad({output}, {x}, {gradients[0]}, true, /*create_graph=*/true)[0],
              {}};
    }
    const at::Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    return {as_images(normalize_rows_backward(as_rows(gradient), as_rows(x), eps), x), {}};
  }
};

class PixelNormLast : public Module {
 public:
  explicit PixelNormLast(std::shared_ptr<PixelNorm> norm) : norm_(std::move(norm)) {}
  at::Tensor forward(const at::Tensor& x, const Context& context) override {
    const bool is_real = x.scalar_type() == at::kFloat || x.scalar_type() == at::kDouble;
    const bool suits =
        is_real && x.is_cpu() && x.dim() == 4 && x.is_contiguous(at::MemoryFormat::ChannelsLast);
    return suits ? PixelFunction::apply(x, norm_->eps()) : norm_->forward(x, context);
  }

 private:
  std::shared_ptr<PixelNorm> norm_;
};

}  // namespace

Verdict fuse_pixel_norm(const ModulePtr& norm) {
  const auto pixels = std::dynamic_pointer_cast<PixelNorm>(norm);
  if (!pixels) return {};
  return {std::make_shared<PixelNormLast>(pixels), ""};
}

}  // namespace sparring
