// Miyato et al. 2018. torch.nn.utils.parametrizations.spectral_norm, operation by operation.
#include "core/nn/spectral_norm.h"

#include "core/error.h"
#include "core/nn/families.h"
#include "core/nn/labels.h"

namespace sparring {
namespace {

at::Tensor normalized(const at::Tensor& vector, double eps) {
  return vector / at::linalg_vector_norm(vector, 2, at::IntArrayRef{0}, true).clamp_min(eps);
}

// PyTorch keeps the parametrized weight in modules of modules, which is where its keys come from.
class Holder : public torch::nn::Module {};

}  // namespace

SpectralNorm::SpectralNorm(std::shared_ptr<Weighted> inner, const Options& options,
                           const FirstWeights& from)
    : inner_(std::move(inner)),
      iterations_(options.integer("nPowerIterations")),
      eps_(options.number("eps")) {
  inner_->draw_anew(from.anew, from.stream);
  if (inner_->bias().defined()) register_parameter("bias", inner_->bias());
  const auto parametrizations = register_module("parametrizations", std::make_shared<Holder>());
  const auto weight = parametrizations->register_module("weight", std::make_shared<Holder>());
  weight->register_parameter("original", inner_->weight());
  const auto vectors = weight->register_module("0", std::make_shared<Holder>());
  const at::NoGradGuard no_grad;
  const at::Tensor matrix = as_matrix(inner_->weight());
  u_ = vectors->register_buffer("_u", drawn(matrix.size(0), from.stream));
  v_ = vectors->register_buffer("_v", drawn(matrix.size(1), from.stream));
  // As PyTorch: so that the first pass already has sensible vectors. Registering a parametrization
  // there runs it once, in training mode.
  iterate(matrix, 15);
  iterate(matrix, iterations_);
}

at::Tensor SpectralNorm::forward(const at::Tensor& input, const Context& context) {
  return inner_->apply(input, next_weight(), inner_->bias(), context);
}

at::Tensor SpectralNorm::next_weight() {
  const at::Tensor matrix = as_matrix(inner_->weight());
  if (is_training()) {
    const at::NoGradGuard no_grad;
    iterate(matrix, iterations_);
  }
  // Copies: the next pass changes the vectors while this one's graph may still need them.
  const at::Tensor u = u_.clone(), v = v_.clone();
  return inner_->weight() / at::vdot(u, at::mv(matrix, v));
}

at::Tensor SpectralNorm::drawn(int64_t size, RandomStream& stream) const {
  return normalized(at::empty({size}).normal_(0, 1, stream.cpu()), eps_);
}

at::Tensor SpectralNorm::as_matrix(const at::Tensor& weight) const {
  return (inner_->output_axis() == 1 ? weight.transpose(0, 1) : weight).flatten(1);
}

void SpectralNorm::iterate(const at::Tensor& matrix, int64_t times) {
  for (int64_t i = 0; i < times; ++i) {
    u_.copy_(normalized(at::mv(matrix, v_), eps_));
    v_.copy_(normalized(at::mv(matrix.t(), u_), eps_));
  }
}

ModulePtr build_spectral_norm(const Layer& layer, const FirstWeights& from) {
  const Wrap normed = [&](const std::shared_ptr<Weighted>& inner) {
    return std::make_shared<SpectralNorm>(inner, layer.options, from);
  };
  const Layer& inner = layer.layers.at(0);
  if (inner.type == "projection") return make_projection(inner, from, normed);
  const auto weighted = std::dynamic_pointer_cast<Weighted>(build(inner, from));
  if (!weighted) {
    throw Error("ERR_NATIVE", "Expected a layer of weights but received " + inner.type);
  }
  return normed(weighted);
}

}  // namespace sparring
