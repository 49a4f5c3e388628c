// A loss and its gradients, and the sum of those of parts.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/step/game.h"
#include "core/step/loss.h"

namespace sparring {

struct Gradients {
  Loss loss;
  std::vector<at::Tensor> of_parameters;  // in the order of those that learn; undefined for none

  // Adds `weight` times those of a part, which may be in buffers that its successor writes to.
  void add(const Gradients& part, double weight);
};

// Is told of each gradient as soon as it is what it will be, by its place; empty where nobody asks.
using Ready = std::function<void(size_t place, const at::Tensor& gradient)>;

// As long as it lives, autograd tells of the gradients of some parameters.
class Listening {
 public:
  Listening(const std::vector<at::Tensor>& parameters, const Ready& ready);
  ~Listening();
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

 private:
  std::vector<std::pair<at::Tensor, unsigned>> hooks_;
};

// The running means of w (nn/styled.h) that parts of a batch leave, each from where they were
// before the batch: a mean of them is what the whole batch would leave.
class StyleMeans {
 public:
  explicit StyleMeans(const Pair& pair);
  // Where the means are now is what a part of that weight made of them.
  void add(double weight);
  // Puts them where all parts together bring them.
  void apply() const;

 private:
  struct Mean {
    at::Tensor average, sum;  // the sum in float64
  };
  std::vector<Mean> means_;
};

// What an update draws, and what its passes turn in layers whatever the batch is: every part of a
// batch is to have it as the whole batch would.
class Rewind {
 public:
  // Takes down where all of it is; and what passes change for each batch, if they are to be as if
  // they had never been.
  explicit Rewind(const Pair& pair, bool undoes = false);
  void go_back() const;

 private:
  RandomStream& stream_;
  at::Device device_;
  // The states of the stream's generators.
  std::vector<std::pair<std::string, at::Tensor>> states_;
  // A buffer, and a copy of it.
  std::vector<std::pair<at::Tensor, at::Tensor>> buffers_;
};

}  // namespace sparring
