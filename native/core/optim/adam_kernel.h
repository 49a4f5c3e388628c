// Adam's update, and that of the averages that follow, in one pass over their memory.
#pragma once

#include <vector>

#include "core/torch.h"

namespace sparring {

// What an update reads and writes of one parameter: all contiguous, of one shape and type, float32
// or float64. The largest square may be undefined, where none is kept, and the average, where none
// follows. References, as counting them would take longer than to update a small one.
struct AdamTensors {
  const at::Tensor &parameter, &gradient, &mean, &square, &largest_square, &average;
};

// The numbers that stay, as torch.optim names them.
struct AdamConstants {
  double beta1, beta2, eps, weight_decay;
  bool decoupled;
};

// The numbers of one update.
struct AdamNumbers {
  double lr;
  int64_t updates;        // of this parameter, this one included
  double average_weight;  // how far the average goes towards the parameter, 0 to 1
};

// One parameter, on the CPU.
void adam_update(const AdamTensors& tensors, const AdamConstants& constants,
                 const AdamNumbers& numbers);

// Many of them on another device. What changes from update to update is read there, so that an
// update that was recorded can be replayed.
class AdamKernel {
 public:
  virtual ~AdamKernel() = default;
  struct Numbers {
    at::Tensor rate;                  // float32, 0-dim, as libtorch's kernel has it
    std::vector<at::Tensor> updates;  // float32, 0-dim, of each before this one; counted up
    at::Tensor average_weight;        // float64, 0-dim; undefined where no average follows
  };
  // `tensors` are of one type; none keeps a largest square.
  virtual void update(const std::vector<AdamTensors>& tensors, const AdamConstants& constants,
                      const Numbers& numbers) const = 0;
};

// Null where a device has none.
const AdamKernel* adam_kernel(const at::Device& device);

}  // namespace sparring
