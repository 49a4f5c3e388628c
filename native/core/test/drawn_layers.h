// Layers that nobody thought of, one behind another: what fits, and what comes out of the last.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/test/drawn_networks.h"

namespace sparring::test {

// Classes of images, where there are labels.
constexpr int64_t kClasses = 3;
// Few, many, odd ones, and enough for the products that only pay then.
inline const std::vector<int64_t> kChannels{1, 2, 3, 4, 5, 8, 16, 32, 33};

// Grows a list of layers, and knows what comes out of the last.
class DrawnLayers {
 public:
  DrawnLayers(Drawer& draw, Shape image, std::vector<Layer> layers, int64_t largest_side)
      : draw_(draw),
        shape_(std::move(image)),
        layers_(std::move(layers)),
        largest_side_(largest_side) {}

  // One more, of any kind that fits.
  void grow(bool in_discriminator);
  void add_conv(int64_t out);
  void add_activation();
  // With zeros around, another number on each side.
  void add_blur();
  void end_in_score(Labels labels);
  // A score for each place of the image.
  void end_in_patches() { add_usual_conv(1); }

  const Shape& shape() const { return shape_; }
  std::vector<Layer> layers() const { return layers_; }

 private:
  void add(Layer one) {
    one.name = std::to_string(layers_.size());
    layers_.push_back(std::move(one));
  }
  // Inside of a spectral normalisation or an equalized learning rate now and then.
  void add_weighted(Layer one);
  void add_usual_conv(int64_t out);
  void add_transposed();
  void add_batch_norm();
  void add_other_norm();
  void add_upsample();
  void add_pool();
  void add_moved();
  void add_residual();
  // Groups of a convolution to so many channels.
  double draw_groups(int64_t out);
  int64_t height() const { return shape_[1]; }
  int64_t width() const { return shape_[2]; }

  Drawer& draw_;
  Shape shape_;
  std::vector<Layer> layers_;
  int64_t largest_side_;
};

// The last layer of a discriminator of so many features.
Layer score_of(double features, Labels labels);

}  // namespace sparring::test
