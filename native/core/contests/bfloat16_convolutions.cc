// Convolutions in bfloat16 by tiles, and oneDNN's.
#include "core/contests/contest.h"
#include "core/linalg/bfloat16_product.h"
#include "core/step/rewrites/bfloat16_conv_kernels.h"
#include "core/step/rewrites/convolution_by_torch.h"

namespace sparring {
namespace {

using Values = Contest::Values;

struct Tiled {
  const char* name;
  int64_t in, out, side, kernel, stride;
};

at::Tensor rounded_image(at::IntArrayRef sizes) {
  return at::randn(sizes).to(at::kBFloat16).contiguous(at::MemoryFormat::ChannelsLast);
}

// As autocast has it: weights are in float32, and rounded for each call.
at::Tensor rounded(const at::Tensor& weight, const at::Tensor& image) {
  return weight.to(image.scalar_type());
}

std::vector<Contest> passes_of(const Tiled& kind, int64_t batch) {
  const auto [name, in, out, side, kernel, stride] = kind;
  const int64_t made = side / stride;
  const Shape big{batch, in, side, side}, small{batch, out, made, made};
  const Shape weight{out, in, kernel, kernel};
  const bfloat16_conv::Steps steps{{stride, stride}, {1, 1}};
  const ConvolutionByTorch torch({steps.stride, steps.padding, /*dilation=*/{1, 1}});
  const double flops = 2.0 * batch * made * made * out * in * kernel * kernel;
  const auto contest = [&, name = name](const char* pass, const std::function<Values()>& draw,
                                        const Contest::Call& ours, const Contest::Call& theirs) {
    return Contest{"bfloat16", std::string(name) + ": " + pass, flops, draw, ours, theirs};
  };
  const auto weights = [=] { return (at::randn(weight) * 0.1).to(at::kBFloat16).to(at::kFloat); };
  return {
      contest(
          "forward", [=] { return Values{rounded_image(big), weights()}; },
          [=](const Values& of) {
            return Values{bfloat16_conv::to_small(of[0], of[1], {}, steps)};
          },
          [=](const Values& of) { return Values{torch.output(of[0], rounded(of[1], of[0]), {})}; }),
      contest(
          "for the image", [=] { return Values{rounded_image(small), weights()}; },
          [=](const Values& of) {
            return Values{bfloat16_conv::to_big(of[0], of[1], {}, steps, big[2], big[3])};
          },
          [=](const Values& of) {
            return Values{torch.image_gradient(of[0], rounded(of[1], of[0]), big)};
          }),
      contest(
          "for the weight", [=] { return Values{rounded_image(big), rounded_image(small)}; },
          [=](const Values& of) {
            return Values{bfloat16_conv::weight_gradient(of[0], of[1], steps, weight)};
          },
          [=](const Values& of) { return Values{torch.weight_gradient(of[0], of[1], weight)}; }),
  };
}

}  // namespace

std::vector<Contest> bfloat16_contests(int64_t batch) {
  std::vector<Contest> all;
  if (!has_tiles()) return all;
  for (const Tiled& kind : {Tiled{"4x4 of stride 2, 256 channels at 8x8 to 512", 256, 512, 8, 4, 2},
                            {"4x4 of stride 2, 128 channels at 16x16 to 256", 128, 256, 16, 4, 2},
                            {"4x4 of stride 2, 64 channels at 32x32 to 128", 64, 128, 32, 4, 2},
                            {"3x3 of 512 channels at 4x4", 512, 512, 4, 3, 1},
                            {"3x3 of 128 channels at 16x16", 128, 128, 16, 3, 1}}) {
    for (Contest& one : passes_of(kind, batch)) all.push_back(std::move(one));
  }
  return all;
}

}  // namespace sparring
