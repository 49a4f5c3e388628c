// A network read as linear layers, each with what follows it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/nn/network.h"
#include "core/step/dense/kernels.h"

namespace sparring {

// A linear layer with what follows it, or maxout.
struct Block {
  std::vector<std::string> layers;  // by their keys in the state dict
  at::Tensor weight, bias;          // [out · pieces, in], [out · pieces]
  at::Tensor turned;                // the weight's values as [in, out · pieces]
  int64_t pieces = 1;               // of which an output is the largest
  std::optional<dense::Norm> norm;
  at::Tensor counter;  // batches seen by the norm, or undefined
  Nonlinearity nonlinearity;
  // How probable it is that a value of the output is dropped.
  double dropout = 0;
  // Their places among the parameters that learn; -1 for none.
  int64_t weight_at = -1, bias_at = -1, norm_weight_at = -1, norm_bias_at = -1;

  int64_t outputs() const { return weight.size(0) / pieces; }
  bool learns() const {
    return weight_at >= 0 || bias_at >= 0 || norm_weight_at >= 0 || norm_bias_at >= 0;
  }
};

// What stands behind the values of each row of the input: its label's vector.
struct LabelVectors {
  at::Tensor table;  // [classes, width]
  int64_t table_at = -1;

  int64_t width() const { return table.size(1); }
};

struct Blocks {
  // How probable it is that a value of the input is dropped.
  double dropout = 0;
  std::optional<LabelVectors> labels;
  std::vector<Block> list;
};

// Of a network on the CPU whose layers are linear ones, maxout, batch normalisation, simple
// activations and dropout, and before them an embedding of labels; nullopt for others.
// `takes_rows`: the input is [N, in], and not images; `learning`: its parameters, but for those
// that stay as they are.
std::optional<Blocks> read_blocks(Network& network, bool takes_rows,
                                  const std::vector<at::Tensor>& learning);

}  // namespace sparring
