#include "core/test/equality.h"

#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"

namespace sparring::test {

ModulePtr built(const Layer& layer, RandomStream& stream) {
  const ModulePtr module = build(layer, stream);
  module->to(at::kDouble);
  return module;
}

void check_equal(const ModulePtr& ours, const std::vector<ModulePtr>& theirs, const at::Tensor& x,
                 double bound) {
  at::Tensor reference = x;
  std::vector<at::Tensor> inputs{x};
  for (const ModulePtr& module : theirs) {
    reference = module->forward(reference);
    for (const at::Tensor& parameter : module->parameters()) inputs.push_back(parameter);
  }
  const at::Tensor made = ours->forward(x);
  CHECK(distance(made, reference) < bound);
  const at::Tensor upstream = at::randn_like(reference);
  const auto expected = torch::autograd::grad({reference}, inputs, {upstream});
  const auto received = torch::autograd::grad({made}, inputs, {upstream});
  for (size_t i = 0; i < inputs.size(); ++i) {
    CAPTURE(i);
    CHECK((received[i] - expected[i]).abs().max().item<double>() <
          bound * (1 + expected[i].abs().max().item<double>()));
  }
}

void check_second_derivative(const ModulePtr& ours, const ModulePtr& theirs, const at::Tensor& x,
                             double bound) {
  std::vector<at::Tensor> inputs = theirs->parameters();
  inputs.push_back(x);
  // The gradients of a normalisation are 0 in sum, and what would go wrong with their mean hides.
  const at::Tensor shift = at::randn_like(x.detach());
  const auto second = [&](const ModulePtr& module) {
    const at::Tensor score = module->forward(x).tanh().sum();
    const at::Tensor slope =
        torch::autograd::grad({score}, {x}, {}, true, /*create_graph=*/true)[0];
    return torch::autograd::grad({(slope + shift).square().sum()}, inputs);
  };
  const auto expected = second(theirs), received = second(ours);
  for (size_t i = 0; i < expected.size(); ++i) CHECK(distance(received[i], expected[i]) < bound);
}

at::Tensor whole(const Shape& shape) { return at::randint(-1, 2, shape, at::kFloat); }

at::Tensor draw(const Shape& shape) { return at::randn(shape, at::kDouble).requires_grad_(); }

void check_rounding(const ModulePtr& ours, const ModulePtr& theirs, const at::Tensor& image,
                    double most) {
  const auto gradients = [&](const ModulePtr& module, at::ScalarType type) {
    theirs->to(type);
    const at::Tensor x = image.detach().to(type).requires_grad_();
    std::vector<at::Tensor> inputs{x};
    for (const at::Tensor& parameter : theirs->parameters()) inputs.push_back(parameter);
    const at::Tensor score = module->forward(x).square().sum();
    return torch::autograd::grad({score}, inputs);
  };
  const auto plain = gradients(theirs, at::kFloat), less = gradients(ours, at::kFloat);
  const auto exact = gradients(theirs, at::kDouble);
  for (size_t i = 0; i < exact.size(); ++i) {
    const auto error = [&](const at::Tensor& one) {
      return (one.to(at::kDouble) - exact[i]).abs().max().item<double>();
    };
    CAPTURE(i);
    CHECK(error(less[i]) < most * error(plain[i]));
  }
}

std::vector<std::string> rewrites_of(const Plan& plan) {
  std::vector<std::string> all;
  for (const Operation& one : plan.operations()) {
    for (const RewriteName& rewrite : one.rewrites) all.push_back(rewrite.id);
  }
  return all;
}

}  // namespace sparring::test
