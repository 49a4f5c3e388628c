// Adam and the moving average by the kernels of kernels/adam.cu.
#pragma once

#include "core/optim/adam_kernel.h"
#include "cuda/launcher.h"

namespace sparring {

class DeviceAdam : public AdamKernel {
 public:
  explicit DeviceAdam(const Launcher& launcher) : launcher_(launcher) {}

  // Two launches for up to 48 tensors.
  void update(const std::vector<AdamTensors>& tensors, const AdamConstants& constants,
              const Numbers& numbers) const override;

 private:
  const Launcher& launcher_;
};

}  // namespace sparring
