#pragma once

#include "core/nn/sequential.h"

namespace sparring {

// Layers, the synthesis, that see what others, the mapping, make of the input: w. In training some
// of them may see the w of another input, whose noise is drawn anew.
class Styled : public Module {
 public:
  Styled(const Layer& layer, const FirstWeights& from);
  at::Tensor forward(const at::Tensor& input, const Context& context = {}) override;
  // The same with both parts in another form.
  at::Tensor forward_by(const Forward& map, const Forward& synthesize, const at::Tensor& input,
                        const Context& context);
  // Its pass moves the mean of w on, so that two are not one of both batches.
  bool needs_own_pass() const override { return true; }
  bool repeats_itself() const override;
  // Both, with their keys in the state dict: the mapping, then the synthesis.
  const std::vector<Part>& parts() const { return parts_; }
  // The running mean of w, [features]: what truncation brings styles nearer to.
  const at::Tensor& average() const { return average_; }
  // The weight of what it was, in a pass.
  double decay() const { return decay_; }

 private:
  // Tells the layers in a module that take this style which of them they are.
  void number(torch::nn::Module& module);
  void move_average(const at::Tensor& w);
  // Draws what the layers see beside w, and from which of them on.
  void mix(const Forward& map, const at::Tensor& input, const Context& context,
           Context& styled) const;

  std::vector<Part> parts_;
  double decay_, mixing_;
  Latent noise_;  // with which the input begins, where styles are mixed
  int64_t takers_ = 0;
  at::Tensor average_;
};

// The running means of w of a module and those inside it.
std::vector<at::Tensor> style_averages(const torch::nn::Module& module);

}  // namespace sparring
