#include "core/nn/pooling.h"

#include "core/nn/families.h"

namespace sparring {
namespace {

class MaxPool2d : public Module {
 public:
  explicit MaxPool2d(const Layer& layer)
      : kernel_(layer.options.shape("kernelSize")),
        stride_(layer.options.shape("stride")),
        padding_(layer.options.shape("padding")) {}
  // [N, C, H, W] -> [N, C, H', W']
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return at::max_pool2d(input, kernel_, stride_, padding_);
  }

 private:
  Shape kernel_, stride_, padding_;
};

class AdaptiveAvgPool2d : public Module {
 public:
  explicit AdaptiveAvgPool2d(const Layer& layer) : size_(layer.options.shape("outputSize")) {}
  // [N, C, H, W] -> [N, C, size]
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return at::adaptive_avg_pool2d(input, size_);
  }

 private:
  Shape size_;
};

class GlobalSumPool2d : public Module {
 public:
  // [N, C, H, W] -> [N, C]
  at::Tensor forward(const at::Tensor& input, const Context&) override { return input.sum({2, 3}); }
};

}  // namespace

AvgPool2d::AvgPool2d(const Layer& layer)
    : kernel_(layer.options.shape("kernelSize")),
      stride_(layer.options.shape("stride")),
      padding_(layer.options.shape("padding")),
      counts_padding_(layer.options.flag("countIncludePad")) {}

at::Tensor AvgPool2d::forward(const at::Tensor& input, const Context&) {
  return at::avg_pool2d(input, kernel_, stride_, padding_, /*ceil_mode=*/false, counts_padding_);
}

ModulePtr build_adaptive_avg_pool2d(const Layer& layer, const FirstWeights&) {
  return std::make_shared<AdaptiveAvgPool2d>(layer);
}

ModulePtr build_avg_pool2d(const Layer& layer, const FirstWeights&) {
  return std::make_shared<AvgPool2d>(layer);
}

ModulePtr build_global_sum_pool2d(const Layer&, const FirstWeights&) {
  return std::make_shared<GlobalSumPool2d>();
}

ModulePtr build_max_pool2d(const Layer& layer, const FirstWeights&) {
  return std::make_shared<MaxPool2d>(layer);
}

}  // namespace sparring
