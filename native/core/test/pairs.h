// Small networks as lib/ would hand them over, and comparisons.
#pragma once

#include "core/step/execution.h"

namespace sparring::test {

Layer layer(const std::string& type, const std::string& name,
            std::map<std::string, Option> options = {}, std::vector<Layer> layers = {});
Layer linear(const std::string& name, double in, double out);
Layer conv(const std::string& name, double in, double out, int64_t kernel, int64_t padding,
           int64_t stride = 1);
Layer batch_norm(const std::string& name, double features, double eps);

// The article's generator with fewer channels, to [1, 8, 8]; its state-dict keys are the article's.
std::vector<Layer> small_generator(double noise);
// An MLP on [1, 8, 8] that ends in a sigmoid.
std::vector<Layer> small_discriminator();

// The small pair with the article's objective and optimizers.
Pair small_pair(uint64_t seed, at::ScalarType precision);

// The largest |a - b| / max(|b|), NaN if either holds one.
double distance(const at::Tensor& a, const at::Tensor& b);

}  // namespace sparring::test
