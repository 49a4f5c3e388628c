#include "core/step/rewrites/pixel_product.h"

#include "core/linalg/product.h"
#include "core/step/rewrites/bilinear_form.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/pointwise.h"
#include "core/step/rewrites/rows.h"

namespace sparring {
namespace {

at::Tensor rows_of(const at::Tensor& image) { return as_rows(channels_last(image)); }

// [out, in, 1, 1] as [out, in].
at::Tensor as_matrix(const at::Tensor& weight) { return weight.view({weight.size(0), -1}); }

class ByPixels : public Bilinear {
 public:
  at::Tensor output(const at::Tensor& image, const at::Tensor& weight,
                    const at::Tensor& bias) const override {
    return with_bias(multiplied(image, as_matrix(weight).t()), bias);
  }
  at::Tensor image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                            at::IntArrayRef) const override {
    return multiplied(gradient, as_matrix(weight));
  }
  at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient,
                             at::IntArrayRef sizes) const override {
    const at::Tensor made = at::empty(sizes, image.options());
    product(as_matrix(made), rows_of(gradient).t(), rows_of(image));
    return made;
  }

 private:
  // [N, C, H, W] by [C, made] -> [N, made, H, W], channels last.
  static at::Tensor multiplied(const at::Tensor& image, const at::Tensor& by) {
    const at::Tensor made =
        at::empty({image.size(0), image.size(2), image.size(3), by.size(1)}, image.options());
    product(made.view({-1, by.size(1)}), rows_of(image), by);
    return made.permute({0, 3, 1, 2});
  }
};

}  // namespace

Verdict fuse_pixel_product(const ModulePtr& module) {
  if (const auto swapped = std::dynamic_pointer_cast<Pointwise>(module)) {
    const Verdict inner = fuse_pixel_product(swapped->conv());
    if (!inner.module) return inner;
    swapped->set_conv(inner.module);
    return {swapped, ""};
  }
  auto source = ConvSource::of(module);
  if (!source || !source->keeps_size(1)) return {};
  const at::Tensor& weight = source->conv->weight();
  if (!weight.is_cpu()) return refuse("cuDNN has ways of its own");
  if (weight.scalar_type() == at::kFloat && multiplier() == Multiplier::kBlas) {
    return refuse("the products are the BLAS's here, and with those nobody has measured it");
  }
  return {std::make_shared<BilinearForm>(std::move(*source), c10::make_intrusive<ByPixels>()), ""};
}

}  // namespace sparring
