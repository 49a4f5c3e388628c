#pragma once

#include "core/nn/module.h"

namespace sparring {

class Flatten : public Module {
 public:
  at::Tensor forward(const at::Tensor& input, const Context&) override { return input.flatten(1); }
};

class Unflatten : public Module {
 public:
  explicit Unflatten(Shape shape) : shape_(std::move(shape)) {}
  at::Tensor forward(const at::Tensor& input, const Context&) override {
    return input.unflatten(1, shape_);
  }

 private:
  Shape shape_;
};

}  // namespace sparring
