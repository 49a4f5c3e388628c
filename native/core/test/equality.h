// A module in another form is the same module: values and derivatives in float64.
#pragma once

#include "core/nn/architecture.h"
#include "core/nn/module.h"
#include "core/step/plan.h"

namespace sparring::test {

// Builds a layer in float64.
ModulePtr built(const Layer& layer, RandomStream& stream);
at::Tensor draw(const Shape& shape);
// -1, 0 and 1, in float32: products and sums of few of them have all their digits in bfloat16.
at::Tensor whole(const Shape& shape);

// Values and gradients of a module against those of others in a row.
void check_equal(const ModulePtr& ours, const std::vector<ModulePtr>& theirs, const at::Tensor& x,
                 double bound);

// The gradient of a function of the gradient, for the parameters and for x.
void check_second_derivative(const ModulePtr& ours, const ModulePtr& theirs, const at::Tensor& x,
                             double bound);

// The gradients of ours in float32 are wrong by less than so many times what theirs are, for an
// image and for the parameters that both have.
void check_rounding(const ModulePtr& ours, const ModulePtr& theirs, const at::Tensor& image,
                    double most);

// By their ids, in the order in which a pass comes to them.
std::vector<std::string> rewrites_of(const Plan& plan);

}  // namespace sparring::test
