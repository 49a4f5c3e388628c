// Ranks that normalise together against one that has the whole batch.
#include <ATen/Parallel.h>

#include "core/distributed/sharing.h"
#include "core/error.h"
#include "core/nn/batch_norm.h"
#include "core/nn/network.h"
#include "core/step/rewrites/bias_norm.h"
#include "core/step/rewrites/norm_activation.h"
#include "core/test/check.h"  // last: see there
#include "core/test/pairs.h"
#include "core/test/ranks.h"

using namespace sparring;
using namespace sparring::test;

namespace {

constexpr int64_t kFeatures = 6;

// A normalisation with weights that tell features apart, alone or in a rewrite.
struct Built {
  ModulePtr module, norm;
  std::vector<ModulePtr> all;  // in order, of which it is made
};

enum class Form { kPlain, kNoAffine, kActivation, kBias };

Built build_form(Form form, at::ScalarType type) {
  RandomStream stream(5);
  const auto made = [&](const Layer& one) {
    const ModulePtr module = build(one, stream);
    module->to(type);
    return module;
  };
  Layer description = batch_norm("0", kFeatures, 0.1);
  if (form == Form::kNoAffine) {
    description = layer("batchNorm2d", "0",
                        {{"numFeatures", double{kFeatures}},
                         {"eps", 0.1},
                         {"momentum", 0.3},
                         {"affine", false},
                         {"trackRunningStats", true}});
  }
  const ModulePtr norm = made(description);
  if (form != Form::kNoAffine) {
    const at::NoGradGuard no_grad;
    norm->parameters()[0].copy_(at::linspace(-1, 2, kFeatures));
    norm->parameters()[1].copy_(at::linspace(1, -1, kFeatures));
  }
  if (form == Form::kPlain || form == Form::kNoAffine) return {norm, norm, {norm}};
  const ModulePtr bend = made(layer("leakyRelu", "1", {{"negativeSlope", 0.2}}));
  if (form == Form::kActivation) {
    return {fuse_norm_activation(norm, bend).module, norm, {norm, bend}};
  }
  const ModulePtr before = made(conv("0", kFeatures, kFeatures, 1, 0));
  const ModulePtr unbiased = fuse_bias_norm(before, norm).module;
  return {fuse_norm_activation(unbiased, bend).module, norm, {before, norm, bend}};
}

struct Outcome {
  at::Tensor output, of_x;
  std::vector<at::Tensor> of_parameters, statistics;
};

// Of a loss that is a mean over rows, and the gradients for it.
Outcome outcome_of(const Built& built, const std::vector<ModulePtr>& run, const at::Tensor& rows,
                   const at::Tensor& targets, const Context& context) {
  const at::Tensor x = rows.clone(at::MemoryFormat::Preserve).requires_grad_();
  at::Tensor output = x;
  for (const ModulePtr& module : run) output = module->forward(output, context);
  const at::Tensor loss = (output * targets).tanh().flatten(1).sum(1).mean();
  std::vector<at::Tensor> inputs{x};
  for (const ModulePtr& module : built.all) {
    for (const at::Tensor& one : module->parameters()) inputs.push_back(one);
  }
  auto gradients = torch::autograd::grad({loss}, inputs);
  Outcome outcome{output.detach(), gradients[0], {}, built.norm->buffers()};
  outcome.of_parameters.assign(gradients.begin() + 1, gradients.end());
  return outcome;
}

struct Case {
  Form form;
  at::Tensor x, targets;
  Outcome whole;  // of torch's own layers on all rows
};

std::vector<Case> make_cases() {
  at::manual_seed(2);
  std::vector<Case> cases;
  for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
    for (const Form form : {Form::kPlain, Form::kNoAffine, Form::kActivation, Form::kBias}) {
      // 11 rows are shared unevenly; 4 ranks have one each of 4, and all of 3.
      for (const Shape& shape : {Shape{11, kFeatures}, Shape{11, kFeatures, 5, 3},
                                 Shape{4, kFeatures}, Shape{3, kFeatures, 2, 2}}) {
        if (form == Form::kBias && shape.size() == 2) continue;
        at::Tensor x = at::randn(shape, type) * 3 + 5;
        if (form >= Form::kActivation && x.dim() == 4) {
          x = x.contiguous(at::MemoryFormat::ChannelsLast);
        }
        const at::Tensor targets = at::randn(shape, type);
        const Built alone = build_form(form, type);
        cases.push_back({form, x, targets, outcome_of(alone, alone.all, x, targets, {})});
      }
    }
  }
  return cases;
}

at::Tensor rows_of(const at::Tensor& all, const Share& share) {
  return all.narrow(0, share.start, share.rows);
}

std::string close(const char* what, const at::Tensor& ours, const at::Tensor& theirs,
                  double bound) {
  const double apart =
      ((ours - theirs).abs().max() / theirs.abs().max().clamp_min(1)).item<double>();
  return apart < bound ? "" : std::string(what) + " is " + std::to_string(apart) + " apart; ";
}

// What a rank finds wrong, as text: checks are made on the main thread.
std::string compare(const std::shared_ptr<Group>& group, const Case& one) {
  const at::ScalarType type = one.x.scalar_type();
  const double bound = type == at::kDouble ? 1e-12 : 2e-5;
  Sharing sharing(group, 1, true);
  sharing.divide(one.x.size(0));
  const Share& share = sharing.share();
  const Built built = build_form(one.form, type);
  const Outcome own = outcome_of(built, {built.module}, rows_of(one.x, share),
                                 rows_of(one.targets, share), {{}, nullptr, sharing.together()});
  std::string wrong = close("output", own.output, rows_of(one.whole.output, share), bound);
  // What launch() would make of them.
  const double weight = share.is_whole() ? 1 : share.weight;
  wrong += close("gradient", own.of_x * weight, rows_of(one.whole.of_x, share), bound);
  for (size_t i = 0; i < own.of_parameters.size(); ++i) {
    const at::Tensor all = own.of_parameters[i] * share.weight;
    group->sum(all);
    wrong += close("gradient of a parameter", all, one.whole.of_parameters[i], bound);
  }
  for (size_t i = 0; i < own.statistics.size(); ++i) {
    const at::Tensor statistic = own.statistics[i].reshape({-1});
    wrong += close("statistic", statistic, one.whole.statistics[i].reshape({-1}), bound);
    for (const at::Tensor& other : group->gather(statistic)) {
      if (!at::equal(other, statistic)) wrong += "statistics differ; ";
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("ranks normalise together as torch does with the whole batch, backwards too") {
  const std::vector<Case> cases = make_cases();
  for (const int64_t ranks : {2, 3, 4}) {
    std::vector<std::vector<std::string>> wrong(static_cast<size_t>(ranks));
    const auto errors = as_ranks(ranks, [&](const std::shared_ptr<Group>& group) {
      at::set_num_threads(1);
      for (const Case& one : cases) {
        wrong[static_cast<size_t>(group->rank())].push_back(compare(group, one));
      }
    });
    CHECK(errors == std::vector<std::string>(static_cast<size_t>(ranks)));
    for (const auto& of_rank : wrong) {
      REQUIRE(of_rank.size() == cases.size());
      for (size_t i = 0; i < cases.size(); ++i) {
        CAPTURE(ranks);
        CAPTURE(static_cast<int>(cases[i].form));
        CAPTURE(cases[i].x.scalar_type());
        CAPTURE(cases[i].x.sizes());
        CHECK(of_rank[i] == "");
      }
    }
  }
}

TEST_CASE("rows far from 0, and far from those of other ranks, lose no digits") {
  at::manual_seed(2);
  const at::Tensor x = at::randn({12, kFeatures, 4, 4});
  x.add_(1000).narrow(0, 0, 6).add_(10);
  const at::Tensor exact = at::var(x.to(at::kDouble), at::IntArrayRef{0, 2, 3}, true);
  std::vector<at::Tensor> found(2);
  const auto errors = as_ranks(2, [&](const std::shared_ptr<Group>& group) {
    Sharing sharing(group, 1, true);
    sharing.divide(12);
    const Built built = build_form(Form::kPlain, at::kFloat);
    built.module->forward(rows_of(x, sharing.share()), {{}, nullptr, sharing.together()});
    found[static_cast<size_t>(group->rank())] = built.norm->buffers()[1].clone();
  });
  CHECK(errors == std::vector<std::string>(2));
  for (const at::Tensor& variance : found) {
    // The running variance began at 1, with a momentum of 0.1.
    CHECK(distance((variance.to(at::kDouble) - 0.9) / 0.1, exact) < 2e-5);
  }
}

TEST_CASE("ranks together have no second derivative, and say so") {
  for (const Form form : {Form::kPlain, Form::kActivation}) {
    const auto errors = as_ranks(2, [&](const std::shared_ptr<Group>& group) {
      Sharing sharing(group, 1, true);
      sharing.divide(4);
      const Built built = build_form(form, at::kFloat);
      const at::Tensor x = at::randn({2, kFeatures, 2, 2})
                               .contiguous(at::MemoryFormat::ChannelsLast)
                               .requires_grad_();
      const at::Tensor y = built.module->forward(x, {{}, nullptr, sharing.together()});
      torch::autograd::grad({y.square().sum()}, {x}, {}, true, /*create_graph=*/true);
    });
    CHECK(errors == std::vector<std::string>(
                        2,
                        "Expected one derivative of batch normalisation by ranks together but "
                        "received a penalty, which takes a second"));
  }
}

TEST_CASE("a rank looks at a network by itself: evaluation waits for nobody") {
  RandomStream stream(3);
  Network network({linear("0", 5, kFeatures), batch_norm("1", kFeatures, 1e-5)}, at::kCPU,
                  at::kFloat, stream);
  const auto errors = as_ranks(2, [&](const std::shared_ptr<Group>& group) {
    if (group->rank() == 0) network.evaluate(at::zeros({1, 5}));
    group->gather("done");
  });
  CHECK(errors == std::vector<std::string>(2));
}

TEST_CASE("one rank alone, or ranks that were not asked to, have torch's own normalisation") {
  const auto errors = as_ranks(1, [](const std::shared_ptr<Group>& group) {
    Sharing alone(group, 2, true);
    alone.divide(4);
    if (alone.normalizes_together() || alone.together()) throw std::runtime_error("together");
  });
  CHECK(errors == std::vector<std::string>(1));
  const auto more = as_ranks(2, [](const std::shared_ptr<Group>& group) {
    Sharing apart(group, 2);
    apart.divide(4);
    if (apart.normalizes_together() || apart.together()) throw std::runtime_error("together");
  });
  CHECK(more == std::vector<std::string>(2));
}
