// Conditional batch normalisation in two passes against the layer's own, in float64.
#include "core/step/rewrites/conditional_norm.h"

#include "core/step/rewrites/norm_activation.h"
#include "core/test/check.h"  // last: see there
#include "core/test/equality.h"
#include "core/test/pairs.h"

using namespace sparring;
using namespace sparring::test;

namespace {

// Of three classes, each with factors of its own.
ModulePtr conditional(double features, RandomStream& stream) {
  const Options options{
      {"numFeatures", features}, {"numEmbeddings", 3.0}, {"eps", 0.1}, {"momentum", 0.1}};
  const ModulePtr norm = built(layer("conditionalBatchNorm2d", "0", options), stream);
  const at::Tensor scales = norm->parameters()[0].detach();
  scales.copy_(at::linspace(-1, 2, scales.numel(), at::kDouble).view(scales.sizes()));
  return norm;
}

// What comes out of x.
using Output = std::function<at::Tensor(const at::Tensor& x)>;

std::vector<at::Tensor> first(const Output& forward, const std::vector<at::Tensor>& inputs,
                              const at::Tensor& upstream) {
  return torch::autograd::grad({forward(inputs[0])}, inputs, {upstream}, true);
}

std::vector<at::Tensor> second(const Output& forward, const std::vector<at::Tensor>& inputs,
                               const at::Tensor& upstream) {
  at::Tensor score = at::zeros({}, at::kDouble);
  for (const at::Tensor& one :
       torch::autograd::grad({forward(inputs[0]).tanh()}, inputs, {upstream}, true, true)) {
    score = score + (one + 1).square().sum();
  }
  return torch::autograd::grad({score}, inputs, {}, true);
}

void check_alike(const std::vector<at::Tensor>& received, const std::vector<at::Tensor>& wanted) {
  REQUIRE(received.size() == wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i);
    CHECK(distance(received[i], wanted[i]) < 1e-9);
  }
}

}  // namespace

TEST_CASE("conditional batch normalisation in two passes equals the layer's own") {
  RandomStream stream(0);
  for (const Shape& shape : {Shape{3, 5, 4, 7}, Shape{1, 6, 3, 2}, Shape{4, 70, 11, 13}}) {
    for (const double slope : {1.0, 0.2}) {
      CAPTURE(shape);
      CAPTURE(slope);
      const auto features = static_cast<double>(shape[1]);
      const ModulePtr norm = conditional(features, stream), plain = conditional(features, stream);
      const ModulePtr bend = build(layer("leakyRelu", "1", {{"negativeSlope", slope}}), stream);
      const ModulePtr lone = fuse_conditional_norm(norm).module;
      const ModulePtr fused = slope == 1 ? lone : fuse_norm_activation(lone, bend).module;
      REQUIRE(fused != nullptr);
      CHECK(fused->needs_own_pass());
      const Context context{at::remainder(at::arange(shape[0]), 3).to(at::kLong)};
      const Output ours = [&](const at::Tensor& x) { return fused->forward(x, context); };
      const Output theirs = [&](const at::Tensor& x) {
        return bend->forward(plain->forward(x, context));
      };
      const at::Tensor x = (at::randn(shape, at::kDouble) + 3)
                               .contiguous(at::MemoryFormat::ChannelsLast)
                               .requires_grad_();
      CHECK(distance(ours(x), theirs(x)) < 1e-11);
      for (size_t i = 0; i < norm->buffers().size(); ++i) {
        CHECK(distance(norm->buffers()[i].to(at::kDouble), plain->buffers()[i].to(at::kDouble)) <
              1e-12);
      }
      const std::vector<at::Tensor> own{x, norm->parameters()[0]}, its{x, plain->parameters()[0]};
      const at::Tensor upstream = at::randn_like(x.detach());
      check_alike(first(ours, own, upstream), first(theirs, its, upstream));
      check_alike(second(ours, own, upstream), second(theirs, its, upstream));

      fused->train(false);
      for (const ModulePtr& one : {norm, plain}) one->train(false);
      plain->buffers()[0].copy_(norm->buffers()[0]);
      plain->buffers()[1].copy_(norm->buffers()[1]);
      CHECK(distance(ours(x), theirs(x)) < 1e-11);
    }
  }
}

TEST_CASE("conditional batch normalisation goes its own way in another layout") {
  RandomStream stream(0);
  const ModulePtr norm = conditional(6, stream), fused = fuse_conditional_norm(norm).module;
  const Context context{at::tensor({2, 0}, at::kLong)};
  const at::Tensor x = at::randn({2, 6, 3, 4}, at::kDouble);
  CHECK(at::equal(fused->forward(x, context), norm->forward(x, context)));
  CHECK(fuse_conditional_norm(built(batch_norm("0", 3, 1e-5), stream)).module == nullptr);
}
