// A network as data. lib/ has checked it and filled in every default and inferred size; what
// arrives here is complete: in_features, channels and shapes are all spelled out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace sparring {

using Shape = std::vector<int64_t>;
using Option = std::variant<bool, double, std::string, Shape>;

struct Layer {
  std::string type;                       // a row of the table in nn/layers.cc
  std::string name;                       // its key in the state dict
  std::map<std::string, Option> options;  // torch.nn's, in camelCase
  std::vector<Layer> layers;              // of a sequential

  int64_t integer(const std::string& option) const;
  double number(const std::string& option) const;
  bool flag(const std::string& option) const;
  const std::string& text(const std::string& option) const;
  const Shape& shape(const std::string& option) const;
};

// What a generator starts from: Gaussian noise, a one-hot label and continuous codes, side by side.
struct Latent {
  int64_t noise = 0;
  int64_t classes = 0;
  int64_t codes = 0;

  int64_t width() const { return noise + classes + codes; }
};

}  // namespace sparring
