#include "core/step/rewrites/same_conv.h"

#include <string>

#include "core/linalg/batch_product.h"
#include "core/step/rewrites/bilinear_form.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/conv_source.h"
#include "core/step/rewrites/modulation.h"
#include "core/step/rewrites/same_conv_kernels.h"
#include "core/step/rewrites/winograd.h"

namespace sparring {
namespace {

// In the input and in the result: products of fewer do not fill a vector.
constexpr int64_t kFewestOfGroup = 16;

class FewerProducts : public Bilinear {
 public:
  explicit FewerProducts(int64_t groups) : groups_(groups) {}
  at::Tensor output(const at::Tensor& image, const at::Tensor& weight,
                    const at::Tensor& bias) const override {
    return convolve(image, weight, same_conv::Direction::kForward, bias);
  }
  at::Tensor image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                            at::IntArrayRef) const override {
    return convolve(gradient, weight, same_conv::Direction::kBackward);
  }
  at::Tensor weight_gradient(const at::Tensor& image, const at::Tensor& gradient,
                             at::IntArrayRef) const override {
    return same_conv::weight_gradient(channels_last(image), channels_last(gradient), groups_);
  }

 private:
  at::Tensor convolve(const at::Tensor& image, const at::Tensor& weight,
                      same_conv::Direction direction, const at::Tensor& bias = {}) const {
    return same_conv::convolve(channels_last(image), weight, direction, groups_, bias);
  }

  int64_t groups_;
};

// What keeps it from paying; empty: nothing.
std::string obstacle_to(const at::Tensor& kernel, int64_t groups) {
  if (!kernel.is_cpu()) return "cuDNN has ways of its own";
  if (!multiplies_batches_by_blocks()) {
    return "the products are the BLAS's here, and with those nobody has measured it";
  }
  const int64_t channels = std::min(kernel.size(0), kernel.size(1) * groups);
  if (channels < winograd::kFewestChannels) {
    return "it needs at least " + std::to_string(winograd::kFewestChannels) + " channels";
  }
  if (channels / groups < kFewestOfGroup) {
    return "it needs at least " + std::to_string(kFewestOfGroup) + " channels in a group";
  }
  return "";
}

}  // namespace

std::shared_ptr<Rewrite> as_same_conv(const ModulePtr& module) {
  auto source = ConvSource::of(module);
  if (!source || !source->keeps_size_in_groups(3)) return nullptr;
  auto by = c10::make_intrusive<FewerProducts>(source->conv->sizes().groups);
  return std::make_shared<BilinearForm>(std::move(*source), std::move(by));
}

Verdict fuse_same_conv(const ModulePtr& module) {
  if (auto form = std::dynamic_pointer_cast<Modulation>(module)) {
    const at::Tensor& weight = form->layer().weight();
    if (form->layer().sizes().transposed || weight.size(2) != 3) return {};
    if (const std::string off = obstacle_to(weight, /*groups=*/1); !off.empty()) return refuse(off);
    form->convolve_by(c10::make_intrusive<FewerProducts>(/*groups=*/1));
    return {std::move(form), ""};
  }
  std::shared_ptr<Rewrite> form = as_same_conv(module);
  if (!form) return {};
  const auto conv = ConvSource::of(module)->conv;
  const std::string off = obstacle_to(conv->weight(), conv->sizes().groups);
  return off.empty() ? Verdict{std::move(form), ""} : refuse(off);
}

}  // namespace sparring
