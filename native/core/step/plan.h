// A network as the fused step runs it: the same parameters, fewer and larger operations.
#pragma once

#include <string>
#include <vector>

#include "core/nn/network.h"
#include "core/runtime/precision.h"
#include "core/step/explanation.h"

namespace sparring {

struct Rule;

class Plan {
 public:
  // What its passes are for: under a penalty they are differentiated twice, and in evaluation a
  // batch's statistics are not those it is normalised by.
  enum class Purpose { kTraining, kPenalty, kEvaluation };

  Plan(const Sequential& network, Precision precision, Purpose purpose = Purpose::kTraining,
       const std::string& prefix = "");
  at::Tensor forward(const at::Tensor& input, const Context& context = {}) const;
  // For passes of reals and fakes together: see rewrites/both_bias.h.
  void sum_last_bias_by_halves();
  // True where a batch of reals and a batch of fakes must stay apart.
  bool needs_own_pass() const { return needs_own_pass_; }
  // Operations in the order in which they run; branches before the layer that joins them.
  std::vector<Operation> operations() const;

 private:
  struct Item {
    ModulePtr module;
    Operation operation;
  };
  void rewrite(const Rule& rule);

  std::vector<Item> items_;
  bool needs_own_pass_;
};

// What evaluation takes for the network's body: equal to it to rounding. For as long as the network
// is there, and of the weights that it has when it is called.
Forward plan_evaluation(Network& network);

}  // namespace sparring
