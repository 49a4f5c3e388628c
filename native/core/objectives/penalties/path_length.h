// Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN, equation 4: a step of
// w is to change the image by as much wherever w is, and whichever way it goes. It is a term of the
// generator's loss, and the one penalty that looks at the generator.
#pragma once

#include <memory>
#include <vector>

#include "core/named_tensors.h"
#include "core/objectives/penalties/lazy.h"
#include "core/rows.h"
#include "core/torch.h"

namespace sparring {

class PathLength : public Lazy {
 public:
  explicit PathLength(const Options& options);

  // |J^T y| of each sample, [N], with a graph to the generator's weights: J is the derivative of
  // its image for w, and y, which is drawn, a direction among images. `styles`: all that mappings
  // made for the images, [N, features] each, with the graph of the pass.
  at::Tensor lengths(const at::Tensor& images, const std::vector<at::Tensor>& styles,
                     const Rows& rows) const;
  // Mean square of their distances from the mean length so far: 0-dim, not yet weighted.
  at::Tensor of(const at::Tensor& lengths) const;

  // What it carries from one update to the next: the mean length so far. The tensor stays, and is
  // changed in place.
  NamedTensors state() const { return {{"mean", mean_}}; }
  void move_to(const at::Device& device) { mean_ = mean_.to(device); }
  // After an update of the generator, with the mean length of its whole batch, 0-dim.
  void go_on(const at::Tensor& length);
  // The mean length so far. Waits for the device.
  double mean() const { return mean_.item<double>(); }

 private:
  double decay_;
  at::Tensor mean_;  // 0-dim, float64
};

}  // namespace sparring
