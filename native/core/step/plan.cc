#include "core/step/plan.h"

#include "core/nn/activation.h"
#include "core/nn/branches.h"
#include "core/nn/shape.h"
#include "core/nn/styled.h"
#include "core/step/rewrites/bias_norm.h"
#include "core/step/rewrites/blur.h"
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

 private:
  std::vector<Plan> plans_;
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
      outputs.push_back(output.dim() == 4 ? channels_last(output) : output);
    }
    return branches_->join(std::move(outputs), input);
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
  bool any_precision;
  enum class Where { kEverywhere, kInTraining, kUnderPenalties } where = Where::kEverywhere;

  bool suits(Precision precision, Plan::Purpose purpose) const {
    // The others compute in float32 whatever autocast says.
    if (!any_precision && precision == Precision::kBfloat16) return false;
    if (where == Where::kInTraining) return purpose != Plan::Purpose::kEvaluation;
    return where == Where::kEverywhere || purpose == Plan::Purpose::kPenalty;
  }
};

static const Rule kRules[] = {
    {"pointwiseBeforeUpsample", "1x1 convolution before upsampling", nullptr, sink_upsample, true},
    {"pointwiseAfterPool", "1x1 convolution after pooling", nullptr, raise_pool, true},
    {"upsampleConv", "upsampling and convolution as one transposed convolution", nullptr,
     fuse_upsample_conv, true},
    {"convPool", "convolution and pooling as one strided convolution", nullptr, fuse_conv_pool,
     true},
    {"firstTransposed", "transposed convolution of one pixel as a product", fuse_first_transposed,
     nullptr, true},
    {"modulation", "modulation in one pass", fuse_modulation, nullptr, false},
    {"halving", "4x4 convolution of stride 2 with fewer multiplications", fuse_halving, nullptr,
     false},
    {"sameConv", "3x3 convolution with fewer multiplications", fuse_same_conv, nullptr, false},
    {"pixelProduct", "1x1 convolution as a product of all pixels", fuse_pixel_product, nullptr,
     false},
    {"narrowConv", "convolution to few channels as products", fuse_narrow_conv, nullptr, false},
    {"convDerivatives", "convolution whose second derivatives are convolutions",
     fuse_conv_derivatives, nullptr, false, Rule::Where::kUnderPenalties},
    {"linearProduct", "linear layer by oneDNN", fuse_linear_product, nullptr, false},
    {"maxout", "maxout in one pass", fuse_maxout, nullptr, false},
    {"sampleNorm", "normalisation of each sample in one go", fuse_sample_norm, nullptr, true},
    {"conditionalNorm", "conditional batch normalisation in two passes", fuse_conditional_norm,
     nullptr, true},
    {"pixelNorm", "pixel normalisation in one pass", fuse_pixel_norm, nullptr, true},
    {"pairwise", "minibatch discrimination a kernel dimension at a time", fuse_pairwise, nullptr,
     true},
    {"blur", "blur along columns, then along rows", fuse_blur, nullptr, false},
    {"modulationNoise", "noise in the pass of a modulation", nullptr, fuse_modulation_noise, false},
    {"modulationActivation", "activation in the pass of a modulation", nullptr,
     fuse_modulation_activation, false},
    {"biasNorm", "no bias before normalisation", nullptr, fuse_bias_norm, true,
     Rule::Where::kInTraining},
    {"normActivation", "normalisation and activation together", nullptr, fuse_norm_activation,
     true},
    {"batchNorm", "batch normalisation in two passes", fuse_batch_norm, nullptr, true},
    {"piecewiseLinear", "activation without a second derivative", fuse_piecewise_linear, nullptr,
     true, Rule::Where::kUnderPenalties},
};

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
