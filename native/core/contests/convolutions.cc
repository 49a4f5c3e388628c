// Convolutions with fewer multiplications, and libtorch's.
#include "core/contests/contest.h"
#include "core/linalg/batch_product.h"
#include "core/step/rewrites/convolution_by_torch.h"
#include "core/step/rewrites/halving_kernels.h"
#include "core/step/rewrites/same_conv_kernels.h"

namespace sparring {
namespace {

using Values = Contest::Values;

// A kind of convolution: ours, and how libtorch's goes over an image.
struct Less {
  const char* name;
  int64_t kernel, stride;
  at::Tensor (*forward)(const at::Tensor& image, const at::Tensor& weight);
  at::Tensor (*for_image)(const at::Tensor& gradient, const at::Tensor& weight);
  at::Tensor (*for_weight)(const at::Tensor& image, const at::Tensor& gradient);
};

const Less kSame{"3x3",
                 3,
                 1,
                 [](const at::Tensor& image, const at::Tensor& weight) {
                   return same_conv::convolve(image, weight, same_conv::Direction::kForward);
                 },
                 [](const at::Tensor& gradient, const at::Tensor& weight) {
                   return same_conv::convolve(gradient, weight, same_conv::Direction::kBackward);
                 },
                 [](const at::Tensor& image, const at::Tensor& gradient) {
                   return same_conv::weight_gradient(image, gradient);
                 }};
const Less kHalving{
    "4x4 of stride 2",
    4,
    2,
    [](const at::Tensor& image, const at::Tensor& weight) { return halving::halve(image, weight); },
    [](const at::Tensor& image, const at::Tensor& weight) { return halving::twice(image, weight); },
    halving::weight_gradient};

at::Tensor image_of(at::IntArrayRef sizes) {
  return at::randn(sizes).contiguous(at::MemoryFormat::ChannelsLast);
}

// Of images of `in` channels and `side` by `side` pixels.
struct ConvolutionSize {
  int64_t batch, in, out, side;
};

std::string text(const Less& kind, const ConvolutionSize& size) {
  const std::string side = std::to_string(size.side);
  return std::string(kind.name) + ", " + std::to_string(size.in) + " to " +
         std::to_string(size.out) + " channels at " + side + "x" + side + ": ";
}

std::vector<Contest> passes_of(const Less& kind, const ConvolutionSize& size) {
  const int64_t made = size.side / kind.stride;
  const Shape big{size.batch, size.in, size.side, size.side};
  const Shape small{size.batch, size.out, made, made};
  const Shape weight{size.out, size.in, kind.kernel, kind.kernel};
  const double flops = 2.0 * c10::multiply_integers(small) * size.in * kind.kernel * kind.kernel;
  const ConvolutionByTorch torch({{kind.stride, kind.stride}, {1, 1}, /*dilation=*/{1, 1}});
  const auto contest = [&](const char* pass, const std::function<Values()>& draw,
                           const Contest::Call& ours, const Contest::Call& theirs) {
    return Contest{"convolutions", text(kind, size) + pass, flops, draw, ours, theirs};
  };
  return {
      contest(
          "forward", [=] { return Values{image_of(big), at::randn(weight)}; },
          [=](const Values& of) { return Values{kind.forward(of[0], of[1])}; },
          [=](const Values& of) { return Values{torch.output(of[0], of[1], {})}; }),
      contest(
          "for the image", [=] { return Values{image_of(small), at::randn(weight)}; },
          [=](const Values& of) { return Values{kind.for_image(of[0], of[1])}; },
          [=](const Values& of) { return Values{torch.image_gradient(of[0], of[1], big)}; }),
      contest(
          "for the weight", [=] { return Values{image_of(big), image_of(small)}; },
          [=](const Values& of) { return Values{kind.for_weight(of[0], of[1])}; },
          [=](const Values& of) { return Values{torch.weight_gradient(of[0], of[1], weight)}; }),
  };
}

}  // namespace

std::vector<Contest> convolution_contests(int64_t batch) {
  std::vector<Contest> all;
  if (!multiplies_batches_well()) return all;
  const auto add = [&](const Less& kind, const ConvolutionSize& size) {
    for (Contest& one : passes_of(kind, size)) all.push_back(std::move(one));
  };
  for (const int64_t channels : {32, 64, 128}) {
    for (const int64_t side : {8, 16, 32}) add(kSame, {batch, channels, channels, side});
  }
  add(kSame, {batch, 512, 512, 4});
  for (const int64_t channels : {32, 64, 128}) {
    for (const int64_t side : {8, 16, 32}) add(kHalving, {batch, channels, channels, side});
  }
  // DCGAN's.
  add(kHalving, {batch, 64, 128, 32});
  add(kHalving, {batch, 128, 256, 16});
  add(kHalving, {batch, 256, 512, 8});
  return all;
}

}  // namespace sparring
