// The table of layers: a new one costs its file and a row here.
#include <map>

#include "core/error.h"
#include "core/nn/families.h"

namespace sparring {

ModulePtr build(const Layer& layer, RandomStream& stream) {
  static const std::map<std::string, Builder> table = {
      {"batchNorm1d", build_batch_norm},
      {"batchNorm2d", build_batch_norm},
      {"conv2d", build_conv2d},
      {"flatten", build_flatten},
      {"leakyRelu", build_leaky_relu},
      {"linear", build_linear},
      {"relu", build_relu},
      {"sequential", build_sequential},
      {"sigmoid", build_sigmoid},
      {"tanh", build_tanh},
      {"unflatten", build_unflatten},
      {"upsample", build_upsample},
  };
  const auto row = table.find(layer.type);
  if (row == table.end()) {
    throw Error("ERR_ARCHITECTURE", "Expected a known layer type but received " + layer.type);
  }
  return row->second(layer, stream);
}

}  // namespace sparring
