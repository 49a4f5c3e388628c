#include "core/step/dense/dense_network.h"

#include <algorithm>

#include "core/linalg/product.h"
#include "core/nn/batch_norm.h"
#include "core/nn/linear.h"
#include "core/nn/shape.h"
#include "core/step/dense/row_kernels.h"
#include "core/step/dense/sync_norm.h"

namespace sparring {
namespace {

// Rows and columns as they are: [N, C, H, W] is [N, C·H·W].
bool is_view(const Module& module) {
  return dynamic_cast<const Flatten*>(&module) || dynamic_cast<const Unflatten*>(&module);
}

bool is_known(const Nonlinearity& nonlinearity) {
  // Below a slope of 0 the sign of the output would not tell that of the input.
  return nonlinearity.curve != Curve::kOther &&
         (nonlinearity.curve != Curve::kLeakyRelu || nonlinearity.slope >= 0);
}

// Reads a list of modules as blocks.
class Reader {
 public:
  explicit Reader(std::vector<at::Tensor> parameters) : parameters_(std::move(parameters)) {}

  bool read(const Part& part) {
    const Module& module = *part.module;
    if (is_view(module)) return true;
    if (const auto* linear = dynamic_cast<const Linear*>(&module)) add(*linear);
    if (blocks.empty()) return false;
    blocks.back().layers.push_back(part.path);
    if (dynamic_cast<const Linear*>(&module)) return true;
    if (const auto* norm = dynamic_cast<const BatchNorm*>(&module)) return add(*norm);
    if (const auto* activation = dynamic_cast<const Activation*>(&module)) return add(*activation);
    return false;
  }

  std::vector<Block> blocks;

 private:
  void add(const Linear& linear) {
    Block block;
    block.weight = linear.weight().detach();
    if (linear.bias().defined()) block.bias = linear.bias().detach();
    block.weight_at = place_of(linear.weight());
    block.bias_at = place_of(linear.bias());
    blocks.push_back(block);
  }

  bool add(const BatchNorm& norm) {
    Block& block = blocks.back();
    if (block.norm || block.nonlinearity.curve != Curve::kNone) return false;
    // Behind an unflatten() it is one of channels.
    if (norm.features() != block.weight.size(0)) return false;
    const auto plain = [](const at::Tensor& one) { return one.defined() ? one.detach() : one; };
    block.norm = dense::Norm{
        plain(norm.weight()),       plain(norm.bias()),        {},         {},
        plain(norm.running_mean()), plain(norm.running_var()), norm.eps(), norm.momentum()};
    block.counter = norm.batches();
    block.norm_weight_at = place_of(norm.weight());
    block.norm_bias_at = place_of(norm.bias());
    return true;
  }

  bool add(const Activation& activation) {
    Block& block = blocks.back();
    if (block.nonlinearity.curve != Curve::kNone) return false;
    block.nonlinearity = activation.nonlinearity();
    return is_known(block.nonlinearity);
  }

  int64_t place_of(const at::Tensor& parameter) const {
    const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                    [&](const at::Tensor& one) { return one.is_same(parameter); });
    return found == parameters_.end() ? -1 : found - parameters_.begin();
  }

  std::vector<at::Tensor> parameters_;
};

// Nobody asks for a graph, so autograd need not be asked either: it takes part of every call.
using WithoutGraph = at::AutoDispatchBelowADInplaceOrView;

}  // namespace

Pass& Pass::part(int64_t first, int64_t count) {
  std::unique_ptr<Pass>& kept = parts_[{first, count}];
  if (kept) return *kept;
  auto made = std::make_unique<Pass>();
  const auto of = [&](const at::Tensor& buffer) { return buffer.narrow(0, first, count); };
  for (const Stage& stage : stages) {
    made->stages.push_back(
        {of(stage.linear), of(stage.output), of(stage.gradient), stage.mean, stage.scale});
  }
  if (input.defined()) made->input = of(input);
  kept = std::move(made);
  return *kept;
}

std::unique_ptr<DenseNetwork> DenseNetwork::plan(Network& network) {
  if (!network.device().is_cpu()) return nullptr;
  Reader reader(network.parameters());
  for (const Part& part : network.body().flattened()) {
    if (!reader.read(part)) return nullptr;
  }
  if (reader.blocks.empty()) return nullptr;
  auto planned = std::make_unique<DenseNetwork>();
  planned->blocks_ = std::move(reader.blocks);
  for (const at::Tensor& parameter : network.parameters()) {
    planned->gradients_.push_back(at::zeros_like(parameter.detach()));
  }
  return planned;
}

std::vector<std::vector<std::string>> DenseNetwork::layers() const {
  std::vector<std::vector<std::string>> all;
  for (const Block& block : blocks_) all.push_back(block.layers);
  return all;
}

bool DenseNetwork::couples() const {
  return std::any_of(blocks_.begin(), blocks_.end(),
                     [](const Block& block) { return block.norm.has_value(); });
}

bool DenseNetwork::is_piecewise_linear() const {
  return !couples() && std::all_of(blocks_.begin(), blocks_.end(), [](const Block& block) {
    const Curve curve = block.nonlinearity.curve;
    return curve == Curve::kNone || curve == Curve::kLeakyRelu;
  });
}

Pass& DenseNetwork::pass(int64_t rows, int number) {
  const auto found = passes_.find({rows, number});
  if (found != passes_.end()) return found->second;
  return passes_.emplace(std::pair{rows, number}, make_pass(rows)).first->second;
}

void DenseNetwork::make_room() {
  // Two sizes come in turn: whole batches and the last of an epoch. A third is a new batch size.
  if (passes_.size() >= kMostPasses) passes_.clear();
}

Pass DenseNetwork::make_pass(int64_t rows) const {
  Pass pass;
  for (const Block& block : blocks_) {
    const Shape shape{rows, block.weight.size(0)};
    Pass::Stage stage;
    stage.output = at::empty(shape, block.weight.options());
    stage.linear = block.norm ? at::empty_like(stage.output) : stage.output;
    stage.gradient = at::empty_like(stage.output);
    stage.mean = at::empty({shape[1]}, block.weight.options());
    stage.scale = at::empty_like(stage.mean);
    pass.stages.push_back(std::move(stage));
  }
  return pass;
}

void DenseNetwork::forward(Pass& pass, const at::Tensor& input, const TogetherPtr& together) {
  pass.input = input;
  pass.together = together;
  forward_first(pass);
  forward_rest(pass);
}

void DenseNetwork::forward_first(Pass& pass) {
  const WithoutGraph guard;
  forward_block(blocks_[0], pass.stages[0], pass.input, pass.together);
}

void DenseNetwork::forward_rest(Pass& pass) {
  const WithoutGraph guard;
  for (size_t i = 1; i < blocks_.size(); ++i) {
    forward_block(blocks_[i], pass.stages[i], pass.stages[i - 1].output, pass.together);
  }
}

bool DenseNetwork::passes_between() const {
  return !blocks_.front().norm && dense::is_invertible(blocks_.front().nonlinearity);
}

void DenseNetwork::forward_first_between(Pass& pass, const Pass& upper, const Pass& lower,
                                         const at::Tensor& share) {
  dense::bend_between(upper.stages[0].output, lower.stages[0].output, share,
                      blocks_.front().nonlinearity, pass.stages[0].output);
}

void DenseNetwork::forward_block(const Block& block, Pass::Stage& stage, const at::Tensor& input,
                                 const TogetherPtr& together) {
  product(stage.linear, input, block.weight.t());
  if (!block.norm) return dense::add_bias_and_bend(stage.linear, block.bias, block.nonlinearity);
  if (block.bias.defined()) dense::add_bias_and_bend(stage.linear, block.bias, {});
  dense::Norm norm = *block.norm;
  norm.mean = stage.mean;
  norm.scale = stage.scale;
  if (together) {
    dense::normalize_together(stage.linear, norm, block.nonlinearity, stage.output, *together);
  } else {
    dense::normalize_and_bend(stage.linear, norm, block.nonlinearity, stage.output);
  }
  if (block.counter.defined()) at::Tensor(block.counter).add_(1);
}

at::Tensor DenseNetwork::gradient_of(int64_t place) const {
  return place < 0 ? at::Tensor() : gradients_[place];
}

void DenseNetwork::undo_block(const Block& block, Pass::Stage& stage, bool weights,
                              const TogetherPtr& together) {
  const at::Tensor bias = weights ? gradient_of(block.bias_at) : at::Tensor();
  if (!block.norm) return dense::unbend(stage.gradient, stage.output, block.nonlinearity, bias);
  dense::Norm norm = *block.norm;
  norm.mean = stage.mean;
  norm.scale = stage.scale;
  const at::Tensor of_weight = weights ? gradient_of(block.norm_weight_at) : at::Tensor();
  const at::Tensor of_bias = weights ? gradient_of(block.norm_bias_at) : at::Tensor();
  const dense::WayBack of{stage.gradient, stage.output, stage.linear, norm, block.nonlinearity};
  if (together) {
    dense::undo_together(of, of_weight, of_bias, *together);
  } else {
    dense::unbend_and_denormalize(of, of_weight, of_bias);
  }
  if (bias.defined()) dense::unbend(stage.gradient, stage.output, {}, bias);
}

void DenseNetwork::tell(const Block& block, const Ready& ready) const {
  if (!ready) return;
  for (const int64_t place :
       {block.norm_bias_at, block.norm_weight_at, block.bias_at, block.weight_at}) {
    if (place >= 0) ready(static_cast<size_t>(place), gradients_[place]);
  }
}

void DenseNetwork::backward(Pass& pass, Wanted wanted, const Ready& ready) {
  if (wanted == Wanted::kInput) {
    back_to_first(pass);
    return back_to_input(pass);
  }
  const WithoutGraph guard;
  for (size_t i = blocks_.size(); i-- > 0;) {
    const Block& block = blocks_[i];
    const at::Tensor& gradient = pass.stages[i].gradient;
    undo_block(block, pass.stages[i], /*weights=*/true, pass.together);
    product(gradients_[block.weight_at], gradient.t(), pass.input_of(i));
    tell(block, ready);
    if (i > 0) product(pass.stages[i - 1].gradient, gradient, block.weight);
  }
}

void DenseNetwork::back_to_first(Pass& pass) {
  const WithoutGraph guard;
  for (size_t i = blocks_.size(); i-- > 0;) {
    undo_block(blocks_[i], pass.stages[i], /*weights=*/false, pass.together);
    if (i > 0) product(pass.stages[i - 1].gradient, pass.stages[i].gradient, blocks_[i].weight);
  }
}

void DenseNetwork::back_to_input(Pass& pass) {
  const WithoutGraph guard;
  const at::Tensor &gradient = pass.stages[0].gradient, &weight = blocks_[0].weight;
  if (!pass.input_gradient.defined()) {
    pass.input_gradient = at::empty({gradient.size(0), weight.size(1)}, weight.options());
  }
  product(pass.input_gradient, gradient, weight);
}

void DenseNetwork::scale(Pass& pass, const at::Tensor& factors) {
  for (const Pass::Stage& stage : pass.stages) dense::scale_rows(stage.gradient, factors);
}

void DenseNetwork::learn(Pass& all, Pass& counted, const Ready& ready) {
  const WithoutGraph guard;
  for (size_t i = blocks_.size(); i-- > 0;) {
    const Block& block = blocks_[i];
    const Pass::Stage& stage = counted.stages[i];
    const at::Tensor bias = gradient_of(block.bias_at);
    if (bias.defined()) dense::unbend(stage.gradient, stage.output, {}, bias);
    product(gradients_[block.weight_at], all.stages[i].gradient.t(), all.input_of(i));
    tell(block, ready);
  }
}

const at::Tensor& DenseNetwork::gradient_at_input(Pass& pass) {
  pass.output_gradient().fill_(1);
  backward(pass, Wanted::kInput);
  return pass.input_gradient;
}

// Let u_i be the gradient for the i-th product, as gradient_at_input() left it: u_i = m_i ∘ v_i
// with the slopes m_i, v_i = u_{i+1} W_{i+1}, and the gradient for the input u_1 W_1. For h, the
// outer derivative: dW_1 = u_1' h; then h W_1' is that for u_1, times m_1 that for v_1, and so on
// up. The slopes are constants almost everywhere, so nothing else depends on the weights.
at::Tensor DenseNetwork::carry_past(const Block& block, const Pass::Stage& stage,
                                    const at::Tensor& carried) const {
  const at::Tensor next = at::empty_like(stage.output);
  product(next, carried, block.weight.t());
  dense::unbend(next, stage.output, block.nonlinearity, {});
  return next;
}

void DenseNetwork::add_second_derivative(Pass& pass, const at::Tensor& outer) {
  const WithoutGraph guard;
  at::Tensor carried = outer;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Pass::Stage& stage = pass.stages[i];
    product(gradients_[blocks_[i].weight_at], stage.gradient.t(), carried, /*accumulate=*/true);
    if (i + 1 < blocks_.size()) carried = carry_past(blocks_[i], stage, carried);
  }
}

// dW_i is a product of a gradient and what stands where another row has its input.
void DenseNetwork::carry_up(Pass& pass) {
  const WithoutGraph guard;
  at::Tensor carried = pass.input_gradient;
  for (size_t i = 0; i + 1 < blocks_.size(); ++i) {
    const Pass::Stage& stage = pass.stages[i];
    carried = carry_past(blocks_[i], stage, carried);
    at::Tensor(stage.output).copy_(carried);
  }
}

}  // namespace sparring
