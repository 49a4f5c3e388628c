// The layers that look at the labels of a batch.
#include "core/nn/labels.h"

#include "core/error.h"
#include "core/nn/batch_norm.h"
#include "core/nn/families.h"
#include "core/nn/linear.h"
#include "core/nn/on_pixels.h"

namespace sparring {
namespace {

const at::Tensor& labels_of(const Context& context) {
  if (!context.labels.defined()) {
    throw Error("ERR_DATA", "Expected labels for a conditional network but received none");
  }
  return context.labels;
}

// The weights and biases of a normalisation, side by side: [classes, 2 * features].
class Scales : public Embedding {
 public:
  Scales(int64_t classes, int64_t features, RandomStream& stream)
      : Embedding(classes, 2 * features, stream) {
    const at::NoGradGuard no_grad;
    weight_.narrow(1, 0, features).normal_(1, 0.02, stream.cpu());
    weight_.narrow(1, features, features).zero_();
  }
};

Layer without_scale(const Layer& layer) {
  Layer norm{"batchNorm2d", "", layer.options, {}};
  norm.options.set("affine", false);
  norm.options.set("trackRunningStats", true);
  return norm;
}

}  // namespace

Projection::Projection(const Layer& layer, RandomStream& stream, const Wrap& wrap) {
  const int64_t features = layer.options.integer("inFeatures");
  const int64_t classes = layer.options.integer("numEmbeddings");
  linear_ = register_module("linear", wrap(std::make_shared<Linear>(features, 1, true, stream)));
  embedding_ =
      register_module("embedding", wrap(std::make_shared<Embedding>(classes, features, stream)));
}

at::Tensor Projection::forward(const at::Tensor& input, const Context& context) {
  return score_by(linear_, input, context);
}

at::Tensor Projection::score_by(const ModulePtr& linear, const at::Tensor& input,
                                const Context& context) const {
  const at::Tensor embedded = embedding_->forward(labels_of(context), context);
  return linear->forward(input, context) + (embedded * input).sum({1}, /*keepdim=*/true);
}

Embedding::Embedding(int64_t classes, int64_t width, RandomStream& stream) {
  weight_ = register_parameter("weight", at::empty({classes, width}));
  const at::NoGradGuard no_grad;
  weight_.normal_(0, 1, stream.cpu());
}

at::Tensor Embedding::apply(const at::Tensor& labels, const at::Tensor& weight, const at::Tensor&,
                            const Context&) const {
  return at::embedding(weight, labels);
}

LabelEmbedding::LabelEmbedding(const Layer& layer, RandomStream& stream)
    : Embedding(layer.options.integer("numEmbeddings"), layer.options.integer("embeddingDim"),
                stream),
      multiplies_(layer.options.text("combine") == "multiply") {}

at::Tensor LabelEmbedding::apply(const at::Tensor& input, const at::Tensor& weight,
                                 const at::Tensor& bias, const Context& context) const {
  at::Tensor embedded = Embedding::apply(labels_of(context), weight, bias, context);
  if (input.dim() == 4) embedded = on_pixels(embedded);
  if (multiplies_) return input * embedded;
  if (input.dim() == 4) embedded = embedded.expand({-1, -1, input.size(2), input.size(3)});
  return at::cat({input, embedded}, 1);
}

ConditionalBatchNorm::ConditionalBatchNorm(const Layer& layer, RandomStream& stream) {
  norm_ = register_module("bn", std::make_shared<BatchNorm>(without_scale(layer)));
  scales_ = register_module("embed",
                            std::make_shared<Scales>(layer.options.integer("numEmbeddings"),
                                                     layer.options.integer("numFeatures"), stream));
}

at::Tensor ConditionalBatchNorm::forward(const at::Tensor& input, const Context& context) {
  const auto [weight, bias] = factors(context);
  return on_pixels(weight) * norm_->forward(input, context) + on_pixels(bias);
}

ConditionalBatchNorm::Factors ConditionalBatchNorm::factors(const Context& context) const {
  const std::vector<at::Tensor> parts = scales_->forward(labels_of(context), context).chunk(2, 1);
  return {parts[0], parts[1]};
}

ModulePtr build_conditional_batch_norm(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<ConditionalBatchNorm>(layer, from.stream);
}

ModulePtr build_embedding(const Layer& layer, const FirstWeights& from) {
  return std::make_shared<LabelEmbedding>(layer, from.stream);
}

ModulePtr build_projection(const Layer& layer, const FirstWeights& from) {
  return make_projection(layer, from, [](const std::shared_ptr<Weighted>& part) { return part; });
}

ModulePtr make_projection(const Layer& layer, const FirstWeights& from, const Wrap& wrap) {
  return std::make_shared<Projection>(layer, from.stream, wrap);
}

}  // namespace sparring
