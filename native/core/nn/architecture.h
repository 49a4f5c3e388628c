// A network as data. lib/ has checked it and filled in every default and inferred size; what
// arrives here is complete: in_features, channels and shapes are all spelled out.
#pragma once

#include <string>
#include <vector>

#include "core/options.h"

namespace sparring {

struct Layer {
  std::string type;           // a row of the table in nn/layers.cc
  std::string name;           // its key in the state dict
  Options options;            // torch.nn's, in camelCase
  std::vector<Layer> layers;  // of a sequential, the branches of a residual, what a wrapper wraps
};

// What a generator starts from: noise, a label and continuous codes.
struct Latent {
  int64_t noise = 0;
  int64_t classes = 0;
  int64_t codes = 0;
  bool one_hot = true;   // else the label enters through an embedding layer
  bool uniform = false;  // the noise is from U(-sqrt(3), sqrt(3)), else from N(0, 1)
};

}  // namespace sparring
