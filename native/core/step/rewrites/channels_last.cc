#include "core/step/rewrites/channels_last.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "core/linalg/transpose.h"

namespace sparring {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Pixels that a thread turns round at a time.
constexpr int64_t kPixels = 1024;

at::MemoryFormat format_of(bool last) {
  return last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

// A copy in the other layout than the image has.
at::Tensor turned(const at::Tensor& image, bool last) {
  if (!image.is_cpu() || image.scalar_type() != at::kFloat ||
      !image.is_contiguous(format_of(!last))) {
    return image.contiguous(format_of(last));
  }
  const at::Tensor made = at::empty(image.sizes(), image.options(), format_of(last));
  const int64_t channels = image.size(1), pixels = image.size(2) * image.size(3);
  const int64_t parts = (pixels + kPixels - 1) / kPixels;
  const float* const from = image.const_data_ptr<float>();
  float* const to = made.mutable_data_ptr<float>();
  at::parallel_for(0, image.size(0) * parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t start = i / parts * channels * pixels, first = i % parts * kPixels;
      const int64_t count = std::min(kPixels, pixels - first);
      const int64_t along = start + first, across = start + first * channels;
      if (last) {
        transpose(from + along, pixels, channels, count, to + across, channels);
      } else {
        transpose(from + across, channels, count, channels, to + along, pixels);
      }
    }
  });
  return made;
}

// To one layout, and what comes back to the other.
class Turned : public torch::autograd::Function<Turned> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& image, bool last) {
    context->saved_data["last"] = last;
    // Where nothing comes back there is nothing to lay out: no zeros.
    context->set_materialize_grads(false);
    return turned(image, last);
  }
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor& gradient = gradients[0];
    const bool last = !context->saved_data["last"].toBool();
    if (!gradient.defined() || gradient.is_contiguous(format_of(last))) return {gradient, {}};
    return {apply(gradient, last), {}};
  }
};

}  // namespace

at::Tensor channels_last(const at::Tensor& image) {
  if (image.size(1) != 1) {
    return image.is_contiguous(format_of(true)) ? image : Turned::apply(image, true);
  }
  const at::Tensor plane = image.contiguous();
  return plane.view({plane.size(0), plane.size(2), plane.size(3), 1}).permute({0, 3, 1, 2});
}

at::Tensor channels_first(const at::Tensor& image) {
  return image.is_contiguous() ? image : Turned::apply(image, false);
}

}  // namespace sparring
