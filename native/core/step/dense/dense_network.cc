#include "core/step/dense/dense_network.h"

#include <algorithm>

#include "core/bernoulli.h"
#include "core/linalg/product.h"
#include "core/step/dense/row_kernels.h"
#include "core/step/dense/sync_norm.h"
#include "core/step/rewrites/maxout_kernels.h"

namespace sparring {
namespace {

// Nobody asks for a graph, so autograd need not be asked either: it takes part of every call.
using WithoutGraph = at::AutoDispatchBelowADInplaceOrView;

size_t lowest_learning(const std::vector<Block>& blocks) {
  const auto learns = [](const Block& block) { return block.learns(); };
  return std::find_if(blocks.begin(), blocks.end(), learns) - blocks.begin();
}

}  // namespace

Pass& Pass::part(int64_t first, int64_t count) {
  std::unique_ptr<Pass>& kept = parts_[{first, count}];
  if (kept) return *kept;
  auto made = std::make_unique<Pass>();
  const auto of = [&](const at::Tensor& buffer) {
    return buffer.defined() ? buffer.narrow(0, first, count) : buffer;
  };
  for (const Stage& stage : stages) {
    const at::Tensor& places = stage.places;
    made->stages.push_back({of(stage.linear), of(stage.output), of(stage.gradient), stage.mean,
                            stage.scale, of(stage.kept),
                            places.defined() ? places.narrow(1, first, count) : places});
  }
  made->input = of(input);
  made->input_kept = of(input_kept);
  made->labels = of(labels);
  kept = std::move(made);
  return *kept;
}

std::unique_ptr<DenseNetwork> DenseNetwork::plan(Network& network, bool takes_rows,
                                                 Multiply product,
                                                 const std::vector<at::Tensor>& learning) {
  std::optional<Blocks> blocks = read_blocks(network, takes_rows, learning);
  if (!blocks) return nullptr;
  auto planned = std::make_unique<DenseNetwork>();
  planned->product_ = product;
  planned->dropout_ = blocks->dropout;
  planned->labels_ = std::move(blocks->labels);
  planned->blocks_ = std::move(blocks->list);
  if (!planned->learns_labels()) planned->lowest_ = lowest_learning(planned->blocks_);
  for (const at::Tensor& parameter : learning) {
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

bool DenseNetwork::draws() const {
  return dropout_ > 0 || std::any_of(blocks_.begin(), blocks_.end(),
                                     [](const Block& block) { return block.dropout > 0; });
}

bool DenseNetwork::is_piecewise_linear() const {
  return !couples() && !draws() && !labels_ &&
         std::all_of(blocks_.begin(), blocks_.end(), [](const Block& block) {
           return dense::is_piecewise_linear(block.nonlinearity);
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
    const Chosen chosen = Chosen::empty(rows, block.outputs(), block.weight.options());
    Pass::Stage stage;
    stage.output = chosen.values;
    if (block.pieces > 1) stage.places = chosen.places;
    stage.linear = block.norm ? at::empty_like(stage.output) : stage.output;
    stage.gradient = at::empty_like(stage.output);
    stage.mean = at::empty({block.outputs()}, block.weight.options());
    stage.scale = at::empty_like(stage.mean);
    if (block.dropout > 0) stage.kept = at::empty_like(stage.output);
    pass.stages.push_back(std::move(stage));
  }
  return pass;
}

void DenseNetwork::own_input(Pass& pass) const {
  const at::Tensor& weight = blocks_.front().weight;
  pass.input = at::empty({pass.rows(), weight.size(1)}, weight.options());
  if (labels_) pass.labels = at::empty({pass.rows()}, at::kLong);
  if (dropout_ > 0) pass.input_kept = at::empty_like(pass.input);
}

void DenseNetwork::forward(Pass& pass, const at::Tensor& values, const Context& context) {
  pass.together = context.together;
  if (owns_input()) {
    if (!pass.input.defined()) own_input(pass);
    fill(pass, values, context.labels);
  } else {
    pass.input = values;
  }
  draw(pass, context.stream);
  forward_first(pass);
  forward_rest(pass);
}

void DenseNetwork::fill(Pass& pass, const at::Tensor& values, const at::Tensor& labels) const {
  const WithoutGraph guard;
  pass.input.narrow(1, 0, values.size(1)).copy_(values);
  if (!labels_) return;
  pass.labels.copy_(labels);
  pass.input.narrow(1, values.size(1), labels_->width())
      .copy_(at::embedding(labels_->table, labels));
}

void DenseNetwork::draw(Pass& pass, RandomStream* stream) const {
  if (dropout_ > 0) {
    draw_mask(pass.input_kept, 1 - dropout_, stream->cpu());
    pass.input.mul_(pass.input_kept);
  }
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const double dropout = blocks_[i].dropout;
    if (dropout > 0) draw_mask(pass.stages[i].kept, 1 - dropout, stream->cpu());
  }
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
  const Block& first = blocks_.front();
  return !first.norm && first.pieces == 1 && dense::is_invertible(first.nonlinearity);
}

void DenseNetwork::forward_first_between(Pass& pass, const Pass& upper, const Pass& lower,
                                         const at::Tensor& share) {
  dense::bend_between(upper.stages[0].output, lower.stages[0].output, share,
                      blocks_.front().nonlinearity, pass.stages[0].output);
}

void DenseNetwork::forward_block(const Block& block, Pass::Stage& stage, const at::Tensor& input,
                                 const TogetherPtr& together) {
  multiply(block, stage, input);
  normalize_and_bend(block, stage, together);
  // Behind the activation, wherever it stands: it is one that does not mind.
  if (stage.kept.defined()) stage.output.mul_(stage.kept);
}

void DenseNetwork::multiply(const Block& block, Pass::Stage& stage, const at::Tensor& input) const {
  if (block.pieces == 1) return product_(stage.linear, input, block.turned, false);
  choose_largest(input, block.weight, block.bias, {stage.output, stage.places}, product_);
}

void DenseNetwork::multiply_back(const Block& block, const Pass::Stage& stage,
                                 const at::Tensor& weight, const at::Tensor& to) const {
  if (block.pieces == 1) return product_(to, stage.gradient, weight, false);
  input_gradient({stage.gradient, stage.places}, weight, to);
}

void DenseNetwork::learn_weight(const Block& block, const Pass::Stage& stage,
                                const at::Tensor& input, bool accumulate) {
  const at::Tensor to = gradient_of(block.weight_at);
  if (!to.defined()) return;
  if (block.pieces == 1) return product_(to, stage.gradient.t(), input, accumulate);
  weight_gradient({stage.gradient, stage.places}, input, to, accumulate);
}

// Where there is a norm between, it is that for the linear layer's output by now.
void DenseNetwork::learn_bias(const Block& block, const Pass::Stage& stage) {
  const at::Tensor to = gradient_of(block.bias_at);
  if (!to.defined()) return;
  if (block.pieces == 1) return dense::unbend(stage.gradient, stage.output, {}, to);
  bias_gradient({stage.gradient, stage.places}, to);
}

void DenseNetwork::normalize_and_bend(const Block& block, Pass::Stage& stage,
                                      const TogetherPtr& together) {
  // The largest piece has its bias by now.
  if (block.pieces > 1) return dense::add_bias_and_bend(stage.output, {}, block.nonlinearity);
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
  // What is dropped has lost its sign, and needs none.
  if (stage.kept.defined()) stage.gradient.mul_(stage.kept);
  if (block.pieces > 1) {
    dense::unbend(stage.gradient, stage.output, block.nonlinearity, {});
    if (weights) learn_bias(block, stage);
    return;
  }
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
  if (weights) learn_bias(block, stage);
}

void DenseNetwork::tell(const Block& block, const Ready& ready) const {
  if (!ready) return;
  if (learns_labels() && &block == &blocks_.front()) {
    ready(static_cast<size_t>(labels_->table_at), gradients_[labels_->table_at]);
  }
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
  for (size_t i = blocks_.size(); i-- > lowest_;) {
    const Block& block = blocks_[i];
    Pass::Stage& stage = pass.stages[i];
    undo_block(block, stage, /*weights=*/true, pass.together);
    learn_weight(block, stage, pass.input_of(i));
    if (i == 0) learn_labels(pass);
    tell(block, ready);
    if (i > lowest_) multiply_back(block, stage, block.weight, pass.stages[i - 1].gradient);
  }
}

void DenseNetwork::back_to(Pass& pass, size_t first) {
  const WithoutGraph guard;
  for (size_t i = blocks_.size(); i-- > first;) {
    const Block& block = blocks_[i];
    undo_block(block, pass.stages[i], /*weights=*/false, pass.together);
    if (i > first) multiply_back(block, pass.stages[i], block.weight, pass.stages[i - 1].gradient);
  }
}

void DenseNetwork::back_to_input(Pass& pass) {
  const WithoutGraph guard;
  const at::Tensor& weight = blocks_[0].weight;
  const int64_t values = weight.size(1) - (labels_ ? labels_->width() : 0);
  if (!pass.input_gradient.defined()) {
    pass.input_gradient = at::empty({pass.rows(), values}, weight.options());
  }
  multiply_back(blocks_[0], pass.stages[0], weight.narrow(1, 0, values), pass.input_gradient);
  if (pass.input_kept.defined()) pass.input_gradient.mul_(pass.input_kept);
}

// From the first block's gradient: what a row's vector is owed goes to its label's.
void DenseNetwork::learn_labels(const Pass& pass) {
  if (!learns_labels()) return;
  const at::Tensor& weight = blocks_[0].weight;
  const int64_t width = labels_->width();
  const at::Tensor owed = at::empty({pass.rows(), width}, weight.options());
  multiply_back(blocks_[0], pass.stages[0], weight.narrow(1, weight.size(1) - width, width), owed);
  gradients_[labels_->table_at].copy_(
      at::embedding_dense_backward(owed, pass.labels, labels_->table.size(0), /*padding_idx=*/-1,
                                   /*scale_grad_by_freq=*/false));
}

void DenseNetwork::scale(Pass& pass, const at::Tensor& factors) {
  for (const Pass::Stage& stage : pass.stages) dense::scale_rows(stage.gradient, factors);
}

void DenseNetwork::learn(Pass& all, Pass& counted, const Ready& ready) {
  const WithoutGraph guard;
  for (size_t i = blocks_.size(); i-- > lowest_;) {
    const Block& block = blocks_[i];
    learn_bias(block, counted.stages[i]);
    learn_weight(block, all.stages[i], all.input_of(i));
    if (i == 0) learn_labels(all);
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
// up. The slopes, and which piece is the largest, are constants almost everywhere, so nothing else
// depends on the weights.
at::Tensor DenseNetwork::product_with(const Block& block, const Pass::Stage& stage,
                                      const at::Tensor& carried) const {
  if (block.pieces > 1) return choose(carried, block.weight, stage.places, product_);
  const at::Tensor next = at::empty(stage.output.sizes(), stage.output.options());
  product_(next, carried, block.turned, false);
  return next;
}

void DenseNetwork::add_second_derivative(Pass& pass, const at::Tensor& outer) {
  const WithoutGraph guard;
  at::Tensor carried = outer;
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const Pass::Stage& stage = pass.stages[i];
    learn_weight(blocks_[i], stage, carried, /*accumulate=*/true);
    if (i + 1 == blocks_.size()) return;
    carried = product_with(blocks_[i], stage, carried);
    dense::unbend(carried, stage.output, blocks_[i].nonlinearity, {});
  }
}

// dW_i is a product of a gradient and what stands where another row has its input.
void DenseNetwork::carry_up(Pass& pass) {
  const WithoutGraph guard;
  for (size_t i = 0; i + 1 < blocks_.size(); ++i) {
    const Pass::Stage& stage = pass.stages[i];
    const at::Tensor& carried = i == 0 ? pass.input_gradient : pass.stages[i - 1].output;
    dense::take_place(product_with(blocks_[i], stage, carried), stage.output,
                      blocks_[i].nonlinearity);
  }
}

}  // namespace sparring
