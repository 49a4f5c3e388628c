#include "core/step/plan.h"

#include <torch/csrc/autograd/custom_function.h>

#include "core/nn/activation.h"
#include "core/nn/branches.h"
#include "core/nn/shape.h"
#include "core/nn/styled.h"
#include "core/step/rewrites/bfloat16_conv.h"
#include "core/step/rewrites/bias_norm.h"
#include "core/step/rewrites/blur.h"
#include "core/step/rewrites/both_bias.h"
#include "core/step/rewrites/channels_last.h"
#include "core/step/rewrites/conditional_norm.h"
#include "core/step/rewrites/conv_derivatives.h"
#include "core/step/rewrites/conv_pool.h"
#include "core/step/rewrites/first_transposed.h"
#include "core/step/rewrites/halving.h"
#include "core/step/rewrites/linear_product.h"
#include "core/step/rewrites/maxout.h"
#include "core/step/rewrites/modulation.h"
#include "core/step/rewrites/narrow_conv.h"
#include "core/step/rewrites/norm_activation.h"
#include "core/step/rewrites/pairwise.h"
#include "core/step/rewrites/piecewise_linear.h"
#include "core/step/rewrites/pixel_norm.h"
#include "core/step/rewrites/pixel_product.h"
#include "core/step/rewrites/pointwise.h"
#include "core/step/rewrites/same_conv.h"
#include "core/step/rewrites/sample_norm.h"
#include "core/step/rewrites/upsample_conv.h"

namespace sparring {
namespace {

// Sequences of layers inside another one, each with its own rewrites.
class Planned : public Module {
 public:
  Planned(const std::vector<Part>& parts, Precision precision, Plan::Purpose purpose,
          const std::string& path) {
    for (const Part& part : parts) {
      plans_.emplace_back(dynamic_cast<const Sequential&>(*part.module), precision, purpose,
                          path + "." + part.path + ".");
    }
  }
  const std::vector<Plan>& plans() const { return plans_; }
  void sum_last_bias_by_halves() {
    for (Plan& plan : plans_) plan.sum_last_bias_by_halves();
  }

 private:
  std::vector<Plan> plans_;
};

// Hands on, and back what is there. An L1 distance that is differentiated twice gives the
// derivative of a sign, zeros without memory, which loops cannot read: nothing comes back then.
class Handed : public torch::autograd::Function<Handed> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x) {
    context->set_materialize_grads(false);
    return x;
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 torch::autograd::variable_list gradients) {
    const at::Tensor& gradient = gradients[0];
    const bool is_there = gradient.defined() && !gradient._is_zerotensor();
    return {is_there ? gradient : at::Tensor()};
  }
};

// Layers side by side.
class PlannedBranches : public Planned {
 public:
  PlannedBranches(std::shared_ptr<Branches> branches, Precision precision, Plan::Purpose purpose,
                  const std::string& path)
      : Planned(branches->branches(), precision, purpose, path), branches_(std::move(branches)) {}
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    std::vector<at::Tensor> outputs;
    for (const Plan& plan : plans()) {
      const at::Tensor output = plan.forward(input, context);
      // In one layout: a sum of two would go value by value.
      outputs.push_back(Handed::apply(output.dim() == 4 ? channels_last(output) : output));
    }
    return branches_->join(std::move(outputs), Handed::apply(input));
  }

 private:
  std::shared_ptr<Branches> branches_;
};

// A mapping, and the synthesis that sees what it makes.
class PlannedStyled : public Planned {
 public:
  PlannedStyled(std::shared_ptr<Styled> styled, Precision precision, Plan::Purpose purpose,
                const std::string& path)
      : Planned(styled->parts(), precision, purpose, path), styled_(std::move(styled)) {}
  at::Tensor forward(const at::Tensor& input, const Context& context) override {
    return styled_->forward_by(pass_of(plans()[0]), pass_of(plans()[1]), input, context);
  }

 private:
  static Forward pass_of(const Plan& plan) {
    return [&plan](const at::Tensor& input, const Context& context) {
      return plan.forward(input, context);
    };
  }

  std::shared_ptr<Styled> styled_;
};

// What holds sequences with these in their own rewrites, anything else as it is.
ModulePtr planned(const Part& part, Precision precision, Plan::Purpose purpose) {
  if (auto branches = std::dynamic_pointer_cast<Branches>(part.module)) {
    return std::make_shared<PlannedBranches>(std::move(branches), precision, purpose, part.path);
  }
  if (auto styled = std::dynamic_pointer_cast<Styled>(part.module)) {
    return std::make_shared<PlannedStyled>(std::move(styled), precision, purpose, part.path);
  }
  return part.module;
}

bool is_flatten(const ModulePtr& module) {
  return dynamic_cast<const Flatten*>(module.get()) != nullptr;
}

bool takes_any_layout(const ModulePtr& module) {
  return dynamic_cast<const Activation*>(module.get()) != nullptr ||
         dynamic_cast<const AnyLayout*>(module.get()) != nullptr;
}

// An image as the layer wants it to lie.
at::Tensor laid_out(const at::Tensor& image, const ModulePtr& layer) {
  if (is_flatten(layer)) return channels_first(image);
  return takes_any_layout(layer) ? image : channels_last(image);
}

template <class T>
void append(std::vector<T>& list, const std::vector<T>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

}  // namespace

// A rewrite of one layer, or of two neighbours. The table is in the order in which they are tried:
// what makes work smaller comes before what only makes it faster.
struct Rule {
  const char *id, *name;
  Verdict (*of_one)(const ModulePtr&);
  Verdict (*of_two)(const ModulePtr&, const ModulePtr&);
  enum class Digits { kFloat32, kBfloat16, kAny } digits;
  enum class Where { kEverywhere, kInTraining, kUnderPenalties } where = Where::kEverywhere;

  bool suits(Precision precision, Plan::Purpose purpose) const {
    // Those in float32 compute in it whatever autocast says.
    const bool is_bfloat16 = precision == Precision::kBfloat16;
    if (digits == (is_bfloat16 ? Digits::kFloat32 : Digits::kBfloat16)) return false;
    if (where == Where::kInTraining) return purpose != Plan::Purpose::kEvaluation;
    return where == Where::kEverywhere || purpose == Plan::Purpose::kPenalty;
  }
};

namespace {

using Where = Rule::Where;
constexpr auto kFloat32 = Rule::Digits::kFloat32, kBfloat16 = Rule::Digits::kBfloat16,
               kAny = Rule::Digits::kAny;

const Rule kRules[] = {
    {"pointwiseBeforeUpsample", "1x1 convolution before upsampling", nullptr, sink_upsample, kAny},
    {"pointwiseAfterPool", "1x1 convolution after pooling", nullptr, raise_pool, kAny},
    {"upsampleConv", "upsampling and convolution as one transposed convolution", nullptr,
     fuse_upsample_conv, kAny},
    {"convPool", "convolution and pooling as one strided convolution", nullptr, fuse_conv_pool,
     kAny},
    {"firstTransposed", "transposed convolution of one pixel as a product", fuse_first_transposed,
     nullptr, kAny},
    {"modulation", "modulation in one pass", fuse_modulation, nullptr, kAny},
    {"halving", "4x4 convolution of stride 2 with fewer multiplications", fuse_halving, nullptr,
     kFloat32},
    {"sameConv", "3x3 convolution with fewer multiplications", fuse_same_conv, nullptr, kFloat32},
    {"bfloat16Conv", "convolution of small images as products in bfloat16", fuse_bfloat16_conv,
     nullptr, kBfloat16},
    {"pixelProduct", "1x1 convolution as a product of all pixels", fuse_pixel_product, nullptr,
     kFloat32},
    {"narrowConv", "convolution to few channels as products", fuse_narrow_conv, nullptr, kFloat32},
    {"convDerivatives", "convolution whose second derivatives are convolutions",
     fuse_conv_derivatives, nullptr, kFloat32, Where::kUnderPenalties},
    {"linearProduct", "linear layer by oneDNN", fuse_linear_product, nullptr, kFloat32},
    {"maxout", "maxout in one pass", fuse_maxout, nullptr, kFloat32},
    {"sampleNorm", "normalisation of each sample in one go", fuse_sample_norm, nullptr, kAny},
    {"conditionalNorm", "conditional batch normalisation in two passes", fuse_conditional_norm,
     nullptr, kAny},
    {"pixelNorm", "pixel normalisation in one pass", fuse_pixel_norm, nullptr, kAny},
    {"pairwise", "minibatch discrimination a kernel dimension at a time", fuse_pairwise, nullptr,
     kAny},
    {"blur", "blur along columns, then along rows", fuse_blur, nullptr, kAny},
    {"modulationNoise", "noise in the pass of a modulation", nullptr, fuse_modulation_noise, kAny},
    {"modulationActivation", "activation in the pass of a modulation", nullptr,
     fuse_modulation_activation, kAny},
    {"biasNorm", "no bias before normalisation", nullptr, fuse_bias_norm, kAny, Where::kInTraining},
    {"normActivation", "normalisation and activation together", nullptr, fuse_norm_activation,
     kAny},
    {"batchNorm", "batch normalisation in two passes", fuse_batch_norm, nullptr, kAny},
    {"piecewiseLinear", "activation without a second derivative", fuse_piecewise_linear, nullptr,
     kAny, Where::kUnderPenalties},
};

}  // namespace

Plan::Plan(const Sequential& network, Precision precision, Purpose purpose,
           const std::string& prefix)
    : needs_own_pass_(network.needs_own_pass()) {
  for (const Part& part : network.flattened(prefix)) {
    items_.push_back({planned(part, precision, purpose), {{part.path}, {}, {}}});
  }
  for (const Rule& rule : kRules) {
    if (rule.suits(precision, purpose)) rewrite(rule);
  }
}

void Plan::rewrite(const Rule& rule) {
  std::vector<Item> out;
  for (size_t i = 0; i < items_.size(); ++i) {
    Item& item = items_[i];
    const bool has_next = i + 1 < items_.size();
    Verdict verdict;
    if (rule.of_one != nullptr) verdict = rule.of_one(item.module);
    if (rule.of_two != nullptr && has_next) {
      verdict = rule.of_two(item.module, items_[i + 1].module);
    }
    if (!verdict.reason.empty()) item.operation.refusals.push_back({rule.name, verdict.reason});
    if (verdict.module) {
      item.module = verdict.module;
      item.operation.rewrites.push_back({rule.id, rule.name});
      if (rule.of_two != nullptr) {
        const Operation& next = items_[i + 1].operation;
        append(item.operation.layers, next.layers);
        append(item.operation.rewrites, next.rewrites);
        ++i;
      }
    }
    out.push_back(std::move(item));
  }
  items_ = std::move(out);
}

void Plan::sum_last_bias_by_halves() {
  if (items_.empty()) return;
  ModulePtr& last = items_.back().module;
  if (const auto planned = std::dynamic_pointer_cast<Planned>(last)) {
    planned->sum_last_bias_by_halves();
  } else {
    last = with_bias_of_both(last);
  }
}

at::Tensor Plan::forward(const at::Tensor& input, const Context& context) const {
  at::Tensor value = input;
  for (const Item& item : items_) {
    if (value.dim() == 4) value = laid_out(value, item.module);
    value = item.module->forward(value, context);
  }
  return value;
}

std::vector<Operation> Plan::operations() const {
  std::vector<Operation> all;
  for (const Item& item : items_) {
    if (const auto* planned = dynamic_cast<const Planned*>(item.module.get())) {
      for (const Plan& plan : planned->plans()) {
        for (const Operation& one : plan.operations()) all.push_back(one);
      }
    }
    all.push_back(item.operation);
  }
  return all;
}

Forward plan_evaluation(Network& network) {
  const auto plan =
      std::make_shared<Plan>(network.body(), Precision::kFloat32, Plan::Purpose::kEvaluation);
  return [plan](const at::Tensor& input, const Context& context) {
    return plan->forward(input, context);
  };
}

}  // namespace sparring
