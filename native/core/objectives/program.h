// A formula of scores as a program for a stack, as lib/objectives/expression.ts makes it: numbers,
// `real`, `fake`, and the names of functions, with spaces between them.
#pragma once

#include <string>
#include <vector>

#include "core/objectives/term.h"
#include "core/torch.h"

namespace sparring {

class Program {
 public:
  // Defined beside their table.
  struct Unary;
  struct Binary;

  Program() = default;
  // Throws ERR_NATIVE for what is none.
  explicit Program(const std::string& text);
  bool is_empty() const { return steps_.empty(); }
  bool has_real() const { return has(Step::kReal); }
  // Whether scores of a batch meet in it.
  bool has_mean() const { return has_mean_; }

  // Score by score, of tensors of one shape; one that it does not mention may be undefined.
  at::Tensor of(const at::Tensor& real, const at::Tensor& fake) const;
  // Of one score, which is both, with the derivative that autograd has. Not with a mean.
  Term of(double score) const;

 private:
  struct Step {
    enum Kind { kNumber, kReal, kFake, kUnary, kBinary } kind;
    double number = 0;
    const Unary* unary = nullptr;
    const Binary* binary = nullptr;
  };
  static Step step_of(const std::string& word);
  bool has(Step::Kind kind) const;
  // What the steps leave on the stack. `value` makes one of a number, or of a score.
  template <class Value, class Make>
  Value run(const Make& value) const;

  std::vector<Step> steps_;
  bool has_mean_ = false;
};

}  // namespace sparring
