#include "core/step/dense/blocks.h"

#include <algorithm>

#include "core/nn/batch_norm.h"
#include "core/nn/dropout.h"
#include "core/nn/labels.h"
#include "core/nn/linear.h"
#include "core/nn/maxout.h"
#include "core/nn/shape.h"

namespace sparring {
namespace {

at::Tensor plain(const at::Tensor& one) { return one.defined() ? one.detach() : one; }

bool is_known(const Nonlinearity& nonlinearity) {
  // Below a slope of 0 the sign of the output would not tell that of the input.
  return nonlinearity.curve != Curve::kOther &&
         (nonlinearity.curve != Curve::kLeakyRelu || nonlinearity.slope >= 0);
}

// A multiple of a value, by 0 or more, has that multiple of its output: so dropout may stand on
// either side.
bool commutes_with_dropout(const Nonlinearity& nonlinearity) {
  return nonlinearity.curve == Curve::kNone || nonlinearity.curve == Curve::kLeakyRelu;
}

// Reads a list of modules, one after the other.
class Reader {
 public:
  Reader(std::vector<at::Tensor> parameters, bool takes_rows)
      : parameters_(std::move(parameters)), is_rows_(takes_rows) {}

  // False where the plan does not know what that is, or not there.
  bool read(const Part& part) {
    const Module& module = *part.module;
    // Rows and columns as they are: [N, C, H, W] is [N, C·H·W].
    if (dynamic_cast<const Flatten*>(&module)) return is_rows_ = true;
    if (dynamic_cast<const Unflatten*>(&module)) return !(is_rows_ = false);
    if (const auto* labels = dynamic_cast<const LabelEmbedding*>(&module)) {
      before_.push_back(part.path);
      return add(*labels);
    }
    if (const auto* linear = dynamic_cast<const Linear*>(&module)) return add(part, *linear, 1);
    if (const auto* maxout = dynamic_cast<const Maxout*>(&module)) {
      return add(part, *maxout->linear(), maxout->pieces());
    }
    (blocks.list.empty() ? before_ : blocks.list.back().layers).push_back(part.path);
    if (const auto* dropout = dynamic_cast<const Dropout*>(&module)) {
      return blocks.list.empty() ? add_before(*dropout) : add(*dropout);
    }
    if (blocks.list.empty()) return false;
    if (const auto* norm = dynamic_cast<const BatchNorm*>(&module)) return add(*norm);
    if (const auto* activation = dynamic_cast<const Activation*>(&module)) return add(*activation);
    return false;
  }

  Blocks blocks;

 private:
  bool add(const LabelEmbedding& labels) {
    if (blocks.labels || !blocks.list.empty() || !is_rows_ || labels.multiplies()) return false;
    if (blocks.dropout > 0) return false;
    blocks.labels = LabelVectors{labels.weight().detach(), place_of(labels.weight())};
    return true;
  }

  bool add(const Part& part, const Linear& linear, int64_t pieces) {
    Block block;
    block.pieces = pieces;
    block.layers = std::exchange(before_, {});
    block.layers.push_back(part.path);
    block.weight = linear.weight().detach();
    block.turned = block.weight.t();
    block.bias = plain(linear.bias());
    block.weight_at = place_of(linear.weight());
    block.bias_at = place_of(linear.bias());
    blocks.list.push_back(block);
    return true;
  }

  bool add(const BatchNorm& norm) {
    Block& block = blocks.list.back();
    if (block.norm || block.dropout > 0 || block.nonlinearity.curve != Curve::kNone) return false;
    // Behind an unflatten() it is one of channels.
    if (norm.features() != block.weight.size(0)) return false;
    block.norm = dense::Norm{
        plain(norm.weight()),       plain(norm.bias()),        {},         {},
        plain(norm.running_mean()), plain(norm.running_var()), norm.eps(), norm.momentum()};
    block.counter = norm.batches();
    block.norm_weight_at = place_of(norm.weight());
    block.norm_bias_at = place_of(norm.bias());
    return true;
  }

  bool add(const Activation& activation) {
    Block& block = blocks.list.back();
    if (block.nonlinearity.curve != Curve::kNone) return false;
    block.nonlinearity = activation.nonlinearity();
    return is_known(block.nonlinearity) &&
           (block.dropout == 0 || commutes_with_dropout(block.nonlinearity));
  }

  // Of the values that the first layer is given.
  bool add_before(const Dropout& dropout) {
    if (dropout.p() == 0) return true;
    if (blocks.dropout > 0 || blocks.labels || !is_rows_) return false;
    if (dropout.unit() == Dropout::Unit::kChannel) return false;
    blocks.dropout = dropout.p();
    return true;
  }

  bool add(const Dropout& dropout) {
    Block& block = blocks.list.back();
    if (dropout.p() == 0) return true;
    if (block.dropout > 0 || dropout.unit() == Dropout::Unit::kChannel) return false;
    block.dropout = dropout.p();
    return commutes_with_dropout(block.nonlinearity);
  }

  int64_t place_of(const at::Tensor& parameter) const {
    const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                    [&](const at::Tensor& one) { return one.is_same(parameter); });
    return found == parameters_.end() ? -1 : found - parameters_.begin();
  }

  std::vector<at::Tensor> parameters_;
  bool is_rows_;
  // Layers whose work is done with the linear one that comes.
  std::vector<std::string> before_;
};

}  // namespace

std::optional<Blocks> read_blocks(Network& network, bool takes_rows,
                                  const std::vector<at::Tensor>& learning) {
  if (!network.device().is_cpu()) return std::nullopt;
  Reader reader(learning, takes_rows);
  for (const Part& part : network.body().flattened()) {
    if (!reader.read(part)) return std::nullopt;
  }
  if (reader.blocks.list.empty()) return std::nullopt;
  return std::move(reader.blocks);
}

}  // namespace sparring
