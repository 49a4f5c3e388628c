// What a gradient penalty asks of a convolution, by its first derivatives once more
// (step/rewrites/bilinear.h) and as libtorch has it.
#include "core/contests/contest.h"
#include "core/step/rewrites/convolution_by_torch.h"

namespace sparring {
namespace {

using Values = Contest::Values;

struct Penalised {
  const char* name;
  int64_t in, out, side, kernel, stride, groups;
};

Contest contest_of(const Penalised& kind, int64_t batch) {
  const auto [name, in, out, side, kernel, stride, groups] = kind;
  const int64_t made = side / stride;
  const Shape weight{out, in / groups, kernel, kernel};
  const Shape padding{(kernel - 1) / 2, (kernel - 1) / 2}, strides{stride, stride};
  const ConvSizes sizes{strides, padding, /*dilation=*/{1, 1}, {0, 0}, groups};
  // The image that the second derivative is at, its weight, and the gradient of the output.
  const auto draw = [=, in = in, side = side] {
    const auto last = [](const at::Tensor& one) {
      return one.contiguous(at::MemoryFormat::ChannelsLast);
    };
    return Values{last(at::randn({batch, in, side, side})), at::randn(weight) * 0.1,
                  last(at::randn({batch, weight[0], made, made}))};
  };
  const ConvolutionByTorch by_first(sizes);
  const auto ours = [=](const Values& of) {
    return Values{by_first.output(of[0], of[1], {}),
                  by_first.weight_gradient(of[0], of[2], weight)};
  };
  const auto theirs = [=](const Values& of) {
    const auto [of_gradient, of_image, of_weight] = at::_convolution_double_backward(
        of[0], {}, {}, of[2], of[1], of[0], sizes.stride, sizes.padding, sizes.dilation,
        /*transposed=*/false, sizes.output_padding, sizes.groups, {true, false, true});
    return Values{of_gradient, of_weight};
  };
  const double flops = 4.0 * batch * made * made * out * (in / groups) * kernel * kernel;
  return {"second derivatives", name, flops, draw, ours, theirs};
}

}  // namespace

std::vector<Contest> second_derivative_contests(int64_t batch) {
  std::vector<Contest> all;
  for (const Penalised& kind :
       {Penalised{"3x3 of 64 channels at 32x32", 64, 64, 32, 3, 1, 1},
        {"3x3 of 32 channels in groups of 16 at 32x32", 32, 32, 32, 3, 1, 2},
        {"1x1 of 64 channels at 32x32", 64, 64, 32, 1, 1, 1},
        {"4x4 of stride 2, 64 to 64 channels at 32x32", 64, 64, 32, 4, 2, 1},
        {"4x4 of stride 2, 256 to 256 channels at 8x8", 256, 256, 8, 4, 2, 1}}) {
    all.push_back(contest_of(kind, batch));
  }
  return all;
}

}  // namespace sparring
