// A plan for evaluation: what a network makes outside of training, by fewer operations.
#include "core/step/plan.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// Running statistics that are no batch's, and factors that are not 1.
void disturb(const Network& network) {
  for (const auto& [name, tensor] : network.state()) {
    if (tensor.is_floating_point()) tensor.add_(at::rand_like(tensor));
  }
}

Layer without(Layer norm, const char* option) {
  norm.options.set(option, false);
  return norm;
}

}  // namespace

TEST_CASE(
    "in evaluation a plan normalises by the running statistics, together with an activation") {
  RandomStream stream(0);
  const Layer norm = batch_norm("1", 5, 0.8);
  for (const Layer& one : {norm, without(norm, "affine"), without(norm, "trackRunningStats")}) {
    for (const Layer& bend :
         {layer("leakyRelu", "2", {{"negativeSlope", 0.2}}), layer("relu", "2")}) {
      CAPTURE(bend.type);
      Network network({conv("0", 3, 5, 3, 1), one, bend}, at::kCPU, at::kDouble, stream);
      const at::NoGradGuard no_grad;
      disturb(network);
      std::vector<at::Tensor> before;
      for (const auto& [name, tensor] : network.state()) before.push_back(tensor.clone());
      const Forward plan = plan_evaluation(network);
      const at::Tensor x = draw({2, 3, 9, 8}), expected = network.evaluate(x);
      CHECK(distance(network.evaluate(x, {}, plan), expected) < 1e-12);
      for (size_t i = 0; i < before.size(); ++i) {
        CHECK(at::equal(network.state()[i].second, before[i]));
      }
    }
  }
}

TEST_CASE("a plan keeps a bias before normalisation in evaluation only") {
  RandomStream stream(0);
  const Sequential network({conv("0", 3, 5, 3, 1), batch_norm("1", 5, 0.8), layer("relu", "2")},
                           stream);
  const auto rewrites = [&](Plan::Purpose purpose) {
    return rewrites_of(Plan(network, Precision::kFloat32, purpose));
  };
  CHECK(rewrites(Plan::Purpose::kTraining) ==
        std::vector<std::string>{"biasNorm", "normActivation"});
  CHECK(rewrites(Plan::Purpose::kEvaluation) == std::vector<std::string>{"normActivation"});
}

TEST_CASE("evaluation leaves a network in training mode, after an error too") {
  RandomStream stream(0);
  Network network({linear("0", 3, 2)}, at::kCPU, at::kFloat, stream);
  CHECK_THROWS(network.evaluate(at::zeros({1, 4})));
  CHECK(network.body().is_training());
}
