#include "core/step/rewrites/linear_product.h"

#include <torch/csrc/autograd/custom_function.h>

#include <string>

#include "core/linalg/product.h"
#include "core/nn/linear.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class ProductFunction : public torch::autograd::Function<ProductFunction> {
 public:
  // [n, k] times [k, m]
  static at::Tensor forward(AutogradContext* context, const at::Tensor& a, const at::Tensor& b) {
    context->save_for_backward({a, b});
    const at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
    product(out, a, b);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    variable_list wanted(2);
    if (context->needs_input_grad(0)) wanted[0] = apply(gradients[0], saved[1].t());
    // Turned, as the weight is: so its gradient lies in memory as the weight does, and an optimizer
    // need not copy it.
    if (context->needs_input_grad(1)) wanted[1] = apply(gradients[0].t(), saved[0]).t();
    return wanted;
  }
};

class LinearProduct : public Rewrite {
 public:
  explicit LinearProduct(std::shared_ptr<Linear> linear) : linear_(std::move(linear)) {}
  // [N, in] -> [N, out]
  at::Tensor apply(const at::Tensor& input, const at::Tensor& bias) const override {
    const at::Tensor output = ProductFunction::apply(input, linear_->weight().t());
    return bias.defined() ? output + bias : output;
  }
  const at::Tensor& bias() const override { return linear_->bias(); }

 private:
  std::shared_ptr<Linear> linear_;
};

}  // namespace

Verdict fuse_linear_product(const ModulePtr& linear) {
  const auto layer = std::dynamic_pointer_cast<Linear>(linear);
  if (!layer) return {};
  if (!layer->weight().is_cpu()) return refuse("on a GPU cuBLAS is the only one");
  if (layer->weight().scalar_type() == at::kFloat && product_library() == std::string("BLAS")) {
    return refuse("on this processor the BLAS is the fastest");
  }
  return {std::make_shared<LinearProduct>(layer), ""};
}

}  // namespace sparring
