// What batch normalisation has to hear from the other ranks: forwards the statistics of the whole
// batch, backwards the sums of its gradients. One message each way.
#pragma once

#include <memory>
#include <utility>

#include "core/rows.h"

namespace torch::autograd {
struct AutogradContext;
}

namespace sparring {

class Group;

// Mean and (biased) variance of each feature, [C], over `count` values of it.
struct BatchMoments {
  at::Tensor mean, variance;
  int64_t count = 0;
};

// The ranks that normalise a batch together. A graph keeps it for its backward pass.
//
// All ranks have to ask for the same in the same order. They do: passes come in the order of the
// step, and in a backward pass of the CPU one thread takes the nodes that are ready in the reverse
// order of their making (torch::autograd::Engine), which is the same on all of them.
class Together : public torch::CustomClassHolder {
 public:
  Together(std::shared_ptr<Group> group, const Share& share)
      : group_(std::move(group)), share_(share) {}

  // Turns moments of this rank's rows into those of the whole batch: the same bits on every rank.
  BatchMoments whole(const BatchMoments& own) const;
  // Turns sums over this rank's values, [C] each, into those over all: weighted, so that divided by
  // the count of this rank's values they are what its gradients are to hold of all ranks' losses.
  // launch() weighs all of it by this rank's share later.
  std::pair<at::Tensor, at::Tensor> whole_sums(const at::Tensor& first,
                                               const at::Tensor& second) const;

 private:
  std::shared_ptr<Group> group_;
  Share share_;
};

using TogetherPtr = c10::intrusive_ptr<Together>;

// Carries it from the forward pass of an autograd function to the backward pass; null stays null. A
// message has no derivative: throws ERR_ARCHITECTURE where that of a backward pass is asked for.
void keep_for_backward(torch::autograd::AutogradContext& context, const TogetherPtr& together);
TogetherPtr kept_for_backward(torch::autograd::AutogradContext& context);

}  // namespace sparring
