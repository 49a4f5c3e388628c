#include "core/step/rewrites/convolution_by_torch.h"

namespace sparring {

at::Tensor ConvolutionByTorch::output(const at::Tensor& image, const at::Tensor& weight,
                                      const at::Tensor& bias) const {
  return at::convolution(readable(image, weight, sizes_), weight, bias, sizes_.stride,
                         sizes_.padding, sizes_.dilation, sizes_.transposed, sizes_.output_padding,
                         sizes_.groups);
}

at::Tensor ConvolutionByTorch::image_gradient(const at::Tensor& gradient, const at::Tensor& weight,
                                              at::IntArrayRef sizes) const {
  const at::Tensor image = at::empty(sizes, gradient.options(), at::MemoryFormat::ChannelsLast);
  return gradient_for(0, gradient, readable(image, weight, sizes_), weight);
}

at::Tensor ConvolutionByTorch::weight_gradient(const at::Tensor& image, const at::Tensor& gradient,
                                               at::IntArrayRef sizes) const {
  const at::Tensor weight = at::empty(sizes, image.options());
  return gradient_for(1, gradient, readable(image, weight, sizes_), weight);
}

at::Tensor ConvolutionByTorch::gradient_for(size_t which, const at::Tensor& gradient,
                                            const at::Tensor& image,
                                            const at::Tensor& weight) const {
  const auto [of_image, of_weight, _] = at::convolution_backward(
      gradient, image, weight, /*bias_sizes=*/std::nullopt, sizes_.stride, sizes_.padding,
      sizes_.dilation, sizes_.transposed, sizes_.output_padding, sizes_.groups,
      /*output_mask=*/{which == 0, which == 1, false});
  return which == 0 ? of_image : of_weight;
}

}  // namespace sparring
