#pragma once

#include "core/nn/module.h"

namespace sparring {

// Salimans et al. 2016, section 3.2, in the form of the PyTorch modules that most scripts have: how
// close a sample is to the others of its batch, as `out` more features.
class MinibatchDiscrimination : public Module {
 public:
  MinibatchDiscrimination(const Layer& layer, RandomStream& stream);

  // [N, in] -> [N, in + out]
  at::Tensor forward(const at::Tensor& input, const Context&) override;
  bool needs_own_pass() const override { return true; }
  bool mixes_samples() const override { return true; }

  // [N, in] -> [N, out, kernel]: the rows that are compared.
  at::Tensor rows_of(const at::Tensor& input) const;

 private:
  at::Tensor closeness_of(const at::Tensor& rows) const;

  at::Tensor t_;  // [in, out, kernel]
};

// [N, N, out] -> [N, out]: of the distances from each sample to each, how close the others are.
at::Tensor closeness(const at::Tensor& distances);

}  // namespace sparring
