#include "core/distributed/together.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/distributed/group.h"
#include "core/error.h"

namespace sparring {
namespace {

const std::string kKey = "together";

}  // namespace

// Chan et al. 1983 for any number of parts: sums of squares alone would cancel. In float64, and in
// the order of the ranks.
BatchMoments Together::whole(const BatchMoments& own) const {
  const at::NoGradGuard no_grad;
  const int64_t features = own.mean.numel();
  const at::Tensor weight = at::full({1}, share_.weight, own.mean.options().dtype(at::kDouble));
  const at::Tensor told = at::cat({own.mean.to(at::kDouble), own.variance.to(at::kDouble), weight});
  const at::Tensor all = at::stack(group_->gather(told));  // [ranks, 2C + 1]
  const at::Tensor means = all.narrow(1, 0, features),
                   variances = all.narrow(1, features, features),
                   weights = all.narrow(1, 2 * features, 1);
  const at::Tensor mean = (weights * means).sum(0);
  const at::Tensor variance = (weights * (variances + (means - mean).square())).sum(0);
  const at::ScalarType type = own.mean.scalar_type();
  return {mean.to(type), variance.to(type), own.count / share_.rows * share_.total};
}

std::pair<at::Tensor, at::Tensor> Together::whole_sums(const at::Tensor& first,
                                                       const at::Tensor& second) const {
  const at::NoGradGuard no_grad;
  const at::Tensor all = at::cat({first.to(at::kDouble), second.to(at::kDouble)});
  all.mul_(share_.weight);
  group_->sum(all);
  const at::Tensor both = all.to(first.scalar_type());
  const int64_t features = first.numel();
  return {both.narrow(0, 0, features), both.narrow(0, features, features)};
}

void keep_for_backward(torch::autograd::AutogradContext& context, const TogetherPtr& together) {
  if (together) context.saved_data[kKey] = c10::IValue::make_capsule(together);
}

TogetherPtr kept_for_backward(torch::autograd::AutogradContext& context) {
  const auto found = context.saved_data.find(kKey);
  if (found == context.saved_data.end()) return {};
  if (at::GradMode::is_enabled()) {
    throw Error("ERR_ARCHITECTURE",
                "Expected one derivative of batch normalisation by ranks together but received a "
                "penalty, which takes a second");
  }
  return c10::static_intrusive_pointer_cast<Together>(found->second.toCapsule());
}

}  // namespace sparring
