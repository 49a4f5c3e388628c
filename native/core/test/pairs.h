// Small networks as lib/ would hand them over, and comparisons.
#pragma once

#include <functional>

#include "core/step/step.h"

namespace sparring::test {

Layer layer(const std::string& type, const std::string& name, Options options = {},
            std::vector<Layer> layers = {});
Layer linear(const std::string& name, double in, double out);
Layer maxout(const std::string& name, double in, double out, double pieces, bool bias = true);
Layer conv(const std::string& name, double in, double out, int64_t kernel, int64_t padding,
           int64_t stride = 1);
Layer transposed(const std::string& name, double in, double out, int64_t kernel, int64_t stride,
                 int64_t padding);
// Means of squares of that side, side by side.
Layer avg_pool(const std::string& name, int64_t side);
Layer upsample(const std::string& name, double factor, const std::string& mode = "nearest");
Layer batch_norm(const std::string& name, double features, double eps, bool affine = true);
Layer equalized(const std::string& name, Layer inner, double lr_multiplier = 1);
Layer blur(const std::string& name, double stride, const Shape& padding);
Layer modulated(const std::string& name, double style, double in, double out, double kernel,
                bool upsample, bool demodulate);
// Of a style of so many features.
Options styled_options(double mixing = 0, double noise = 0, double features = 5);
// Layers from a mapping to a style of 5, and a synthesis from a constant [4, 2, 2].
Layer styled(const std::string& name, double features, std::vector<Layer> synthesis,
             double mixing = 0);
Layer minibatch_discrimination(const std::string& name, double in, double out, double kernel_dims);

// The article's generator with fewer channels, to [1, 8, 8]; its state-dict keys are the article's.
std::vector<Layer> small_generator(double noise);
// An MLP on [1, 8, 8] that ends in a sigmoid.
std::vector<Layer> small_discriminator();

// As StyleGAN2's, to [1, 8, 8] and from there to a logit.
std::vector<Layer> styled_generator(double noise, double mixing = 0);
std::vector<Layer> styled_discriminator();

// Adam as lib/ would describe it, without a schedule.
OptimizerChoice adam(double lr, double weight_decay = 0);

// Plain descent, for comparisons: Adam's first steps would turn a rounding error into a step of its
// own. `clip`: the largest norm of a gradient, 0 for any.
OptimizerChoice descent(double lr, double momentum = 0, double clip = 0);

// The small pair with the article's objective and optimizers.
std::shared_ptr<Pair> small_pair(uint64_t seed, at::ScalarType precision);

// A pair of any layers and objective, with Adam for both.
std::shared_ptr<Pair> pair_of(uint64_t seed, const std::vector<Layer>& generator,
                              const std::vector<Layer>& discriminator, const Choice& objective,
                              ScoreKind kind, at::ScalarType precision,
                              const at::Device& device = at::kCPU);

// Adds it to the loss of the player that it is for.
void add_penalty(Pair& pair, const Choice& choice);

// An objective, with what comes in between when the generator's loss is taken.
struct Hindered : Objective {
  explicit Hindered(std::unique_ptr<Objective> of) : of(std::move(of)) {}
  at::Tensor generator_loss(const Scores& scores) const override;
  at::Tensor discriminator_loss(const Scores& scores) const override;
  std::unique_ptr<Objective> of;
  std::function<void()> between = [] {};
};

// Makes a Hindered objective the pair's, which comes in between as soon as it is told what.
Hindered& hinder(Pair& pair);

// The largest |a - b| / max(|b|), NaN if either holds one.
double distance(const at::Tensor& a, const at::Tensor& b);

}  // namespace sparring::test
