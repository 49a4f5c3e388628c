#include "core/step/gradients.h"

#include "core/nn/spectral_norm.h"
#include "core/nn/styled.h"

namespace sparring {
namespace {

void add_share(at::Tensor& sum, const at::Tensor& part, double weight) {
  if (!part.defined()) return;
  const at::Tensor share = part.to(at::kDouble) * weight;
  sum = sum.defined() ? sum + share : share;
}

}  // namespace

void Gradients::add(const Gradients& part, double weight) {
  const at::NoGradGuard no_grad;
  add_share(loss.value, part.loss.value, weight);
  add_share(loss.penalty, part.loss.penalty, weight);
  of_parameters.resize(part.of_parameters.size());
  for (size_t i = 0; i < of_parameters.size(); ++i) {
    const at::Tensor& more = part.of_parameters[i];
    if (!more.defined()) continue;
    if (of_parameters[i].defined()) {
      of_parameters[i].add_(more, weight);
    } else {
      of_parameters[i] = more * weight;
    }
  }
}

Listening::Listening(const std::vector<at::Tensor>& parameters, const Ready& ready) {
  if (!ready) return;
  for (size_t place = 0; place < parameters.size(); ++place) {
    const auto tell = [&ready, place](const at::Tensor& gradient) {
      if (gradient.defined()) ready(place, gradient);
    };
    hooks_.emplace_back(parameters[place], parameters[place].register_hook(tell));
  }
}

Listening::~Listening() {
  for (const auto& [parameter, hook] : hooks_) parameter.remove_hook(hook);
}

StyleMeans::StyleMeans(const Pair& pair) {
  for (Network* network : {pair.generator.get(), pair.discriminator.get()}) {
    for (const at::Tensor& average : style_averages(network->body())) {
      means_.push_back({average, at::zeros_like(average, at::kDouble)});
    }
  }
}

void StyleMeans::add(double weight) {
  for (const auto& [average, sum] : means_) at::Tensor(sum).add_(average, weight);
}

void StyleMeans::apply() const {
  for (const auto& [average, sum] : means_) at::Tensor(average).copy_(sum);
}

Rewind::Rewind(const Pair& pair, bool undoes)
    : stream_(*pair.stream), device_(pair.generator->device()), states_(stream_.state()) {
  const auto keep = [this](const std::vector<at::Tensor>& buffers) {
    for (const at::Tensor& one : buffers) buffers_.emplace_back(one, one.clone());
  };
  for (Network* network : {pair.generator.get(), pair.discriminator.get()}) {
    if (undoes) {
      keep(network->body().buffers());
      continue;
    }
    for (const auto& module : network->body().modules()) {
      if (const auto* layer = dynamic_cast<const SpectralNorm*>(module.get())) {
        keep(layer->vectors());
      }
    }
    keep(style_averages(network->body()));
  }
}

void Rewind::go_back() const {
  const at::NoGradGuard no_grad;
  stream_.set_state(stream_.seed(), states_, device_);
  for (const auto& [buffer, copy] : buffers_) at::Tensor(buffer).copy_(copy);
}

}  // namespace sparring
