#include "core/step/rewrites/linear_product.h"

#include "core/linalg/product.h"
#include "core/nn/linear.h"
#include "core/step/rewrites/bilinear_form.h"

namespace sparring {
namespace {

at::Tensor multiplied(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
  product(out, a, b);
  return out;
}

class Products : public Bilinear {
 public:
  at::Tensor output(const at::Tensor& rows, const at::Tensor& weight,
                    const at::Tensor& bias) const override {
    return with_bias(multiplied(rows, weight.t()), bias);
  }
  at::Tensor image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                            at::IntArrayRef) const override {
    return multiplied(gradient, weight);
  }
  // It lies in memory as the weight does, so an optimizer need not copy it.
  at::Tensor weight_gradient(const at::Tensor& rows, const at::Tensor& gradient,
                             at::IntArrayRef) const override {
    return multiplied(gradient.t(), rows);
  }
};

}  // namespace

Verdict fuse_linear_product(const ModulePtr& linear) {
  const auto layer = std::dynamic_pointer_cast<Linear>(linear);
  if (!layer) return {};
  if (!layer->weight().is_cpu()) return refuse("on a GPU cuBLAS is the only one");
  if (layer->weight().scalar_type() == at::kFloat && multiplier() != Multiplier::kOneDnn) {
    return refuse("on this processor the BLAS is the fastest");
  }
  return {std::make_shared<BilinearForm>(layer, c10::make_intrusive<Products>()), ""};
}

}  // namespace sparring
