#include "core/step/one_look.h"

#include "core/nn/batch_norm.h"
#include "core/nn/styled.h"

namespace sparring {

std::string obstacle_to_one_look(const Pair& pair) {
  if (!pair.shares_fakes) return "each update has fakes of its own";
  if (pair.order != Order::kGeneratorFirst) {
    return "the discriminator learns from them before the generator does";
  }
  if (pair.accumulate > 1) return "a batch is worked on in parts";
  if (pair.augments()) return "they are augmented anew for each update";
  if (!pair.discriminator->body().repeats_itself()) {
    return "a layer of the discriminator draws numbers, or changes with each pass";
  }
  return "";
}

void tell_of_one_look(const Pair& pair, Explanation& told) {
  const std::string reason = obstacle_to_one_look(pair);
  if (reason.empty()) {
    told.rewrites.push_back(kOneLook);
  } else {
    told.refusals.push_back({kOneLook.name, reason});
  }
}

Look::Look(Network& discriminator) {
  for (const auto& module : discriminator.body().modules()) {
    if (const auto* styled = dynamic_cast<const Styled*>(module.get())) {
      statistics_.push_back({styled->average(), {}, styled->decay()});
    }
    const auto* norm = dynamic_cast<const BatchNorm*>(module.get());
    if (norm == nullptr || !norm->running_mean().defined()) continue;
    for (const at::Tensor& running : {norm->running_mean(), norm->running_var()}) {
      // libtorch's own batch normalisation holds them until it went back, and moves them on behind
      // autograd's back, too.
      statistics_.push_back({running.variable_data(), {}, 1 - norm->momentum()});
    }
    counters_.push_back(norm->batches());
  }
}

void Look::begin() {
  for (Statistics& one : statistics_) one.added = one.running * -one.keep;
}

void Look::end() {
  for (Statistics& one : statistics_) one.added.add_(one.running);
}

void Look::repeat() const {
  for (const Statistics& one : statistics_) {
    at::Tensor(one.running).mul_(one.keep).add_(one.added);
  }
  for (const at::Tensor& counter : counters_) at::Tensor(counter).add_(1);
}

}  // namespace sparring
