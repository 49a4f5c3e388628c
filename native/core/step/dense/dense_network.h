// A network of linear layers and what can follow and precede them (blocks.h), planned once: forward
// and backward as a list of calls. No graph; activations and gradients live in buffers that stay.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/linalg/product.h"
#include "core/step/dense/blocks.h"
#include "core/step/gradients.h"

namespace sparring {

// The buffers of one batch on its way through and back.
struct Pass {
  struct Stage {
    at::Tensor linear, output;  // [N, out]; one tensor where there is no norm in between
    at::Tensor gradient;        // [N, out]
    at::Tensor mean, scale;     // [out]
    at::Tensor kept;    // [N, out], what values are multiplied by; undefined without dropout
    at::Tensor places;  // int32 [out, N], of the largest pieces; undefined without maxout
  };
  at::Tensor input;           // [N, in], label vectors included
  at::Tensor input_kept;      // [N, in], what that is multiplied by; undefined without dropout
  at::Tensor labels;          // int64 [N]; undefined where nobody looks at them
  at::Tensor input_gradient;  // [N, in without them], undefined until somebody asks for it
  std::vector<Stage> stages;
  TogetherPtr together;  // who normalises with this rank; null: nobody does

  int64_t rows() const { return output().size(0); }
  const at::Tensor& output() const { return stages.back().output; }
  // Where the gradient for the output has to be written before a way back.
  const at::Tensor& output_gradient() const { return stages.back().gradient; }
  // What the i-th block is given.
  const at::Tensor& input_of(size_t i) const { return i == 0 ? input : stages[i - 1].output; }
  // Some of its rows, which may pass by themselves, in the same buffers; in those of the input if
  // there is one by then.
  Pass& part(int64_t first, int64_t count);

 private:
  std::map<std::pair<int64_t, int64_t>, std::unique_ptr<Pass>> parts_;
};

class DenseNetwork {
 public:
  // Null where the network has something else in it; see read_blocks(). `product`: of its layers.
  static std::unique_ptr<DenseNetwork> plan(Network& network, bool takes_rows, Multiply product,
                                            const std::vector<at::Tensor>& learning);

  // Numbers that it makes of a row.
  int64_t outputs() const { return blocks_.back().outputs(); }
  // The rows of a batch influence each other.
  bool couples() const;
  // Every score is a sum of slopes times the input's values: the second derivative of every
  // activation is 0, and there is no dropout, nor a label.
  bool is_piecewise_linear() const;
  // A pass draws numbers.
  bool draws() const;

  // The buffers for batches of so many rows; several passes at a time need several numbers. Good
  // until the next call of make_room().
  Pass& pass(int64_t rows, int number = 0);
  // Drops buffers of batch sizes that came and went.
  void make_room();

  // values: [N, in] without label vectors, and stay as they are until backward() is done.
  void forward(Pass& pass, const at::Tensor& values, const Context& context = {});
  // The same in steps: the values and the vectors of labels into an input of the pass's own, the
  // numbers that it draws, and which of these values they drop; the first block, and what follows.
  void own_input(Pass& pass) const;
  void fill(Pass& pass, const at::Tensor& values, const at::Tensor& labels) const;
  void draw(Pass& pass, RandomStream* stream) const;
  void forward_first(Pass& pass);
  void forward_rest(Pass& pass);
  // The first block of points between those of two others, at `share`, [N, 1], of the upper ones:
  // its product is linear, so theirs tell it where what follows can be undone.
  bool passes_between() const;
  void forward_first_between(Pass& pass, const Pass& upper, const Pass& lower,
                             const at::Tensor& share);
  // From pass.output_gradient() to those of the weights, and to pass.input_gradient if asked for.
  enum class Wanted { kWeights, kInput };
  void backward(Pass& pass, Wanted wanted, const Ready& ready = {});

  // The same in parts, for rows that come to the weights at once from several ways: to the first
  // block that learns; to the first of all, and from there to pass.input_gradient.
  void back_to_weights(Pass& pass) { back_to(pass, lowest_); }
  void back_to_first(Pass& pass) { back_to(pass, 0); }
  void back_to_input(Pass& pass);
  // Rows that went back from gradients of 1 now come from their factors, [N, 1]: a sample's
  // derivatives are multiples of each other. No sample may depend on another one.
  void scale(Pass& pass, const at::Tensor& factors);
  // Writes the weights' gradients, from `all` rows, and those of biases, from the `counted` ones.
  void learn(Pass& all, Pass& counted, const Ready& ready = {});

  // The second derivative, of piecewise linear networks only. The gradient of the sum of outputs
  // for the input, [N, in], after forward():
  const at::Tensor& gradient_at_input(Pass& pass);
  // adds to the weights' gradients those of a function of it, told by its own derivative, [N, in].
  void add_second_derivative(Pass& pass, const at::Tensor& outer);
  // Or makes rows, whose input and whose pass.input_gradient that derivative is, ready for learn().
  void carry_up(Pass& pass);

  // What runs as one, by the keys of the layers in it.
  std::vector<std::vector<std::string>> layers() const;

  // One for each parameter that learns, in their order.
  const std::vector<at::Tensor>& gradients() const { return gradients_; }

 private:
  static constexpr size_t kMostPasses = 6;

  Pass make_pass(int64_t rows) const;
  bool owns_input() const { return labels_ || dropout_ > 0; }
  bool learns_labels() const { return labels_ && labels_->table_at >= 0; }
  void multiply(const Block& block, Pass::Stage& stage, const at::Tensor& input) const;
  void back_to(Pass& pass, size_t first);
  void multiply_back(const Block& block, const Pass::Stage& stage, const at::Tensor& weight,
                     const at::Tensor& to) const;
  void learn_weight(const Block& block, const Pass::Stage& stage, const at::Tensor& input,
                    bool accumulate = false);
  void learn_bias(const Block& block, const Pass::Stage& stage);
  void learn_labels(const Pass& pass);
  void forward_block(const Block& block, Pass::Stage& stage, const at::Tensor& input,
                     const TogetherPtr& together);
  void normalize_and_bend(const Block& block, Pass::Stage& stage, const TogetherPtr& together);
  void undo_block(const Block& block, Pass::Stage& stage, bool weights,
                  const TogetherPtr& together);
  at::Tensor product_with(const Block& block, const Pass::Stage& stage,
                          const at::Tensor& carried) const;
  at::Tensor gradient_of(int64_t place) const;
  void tell(const Block& block, const Ready& ready) const;

  Multiply product_ = nullptr;
  double dropout_ = 0;  // of the input
  std::optional<LabelVectors> labels_;
  std::vector<Block> blocks_;
  size_t lowest_ = 0;  // the first block that learns; their number where none does
  std::vector<at::Tensor> gradients_;
  std::map<std::pair<int64_t, int>, Pass> passes_;
};

}  // namespace sparring
