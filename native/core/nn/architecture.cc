#include "core/nn/architecture.h"

#include "core/error.h"

namespace sparring {
namespace {

template <class T>
const T& option_of(const Layer& layer, const std::string& option) {
  const auto found = layer.options.find(option);
  const T* value = found == layer.options.end() ? nullptr : std::get_if<T>(&found->second);
  if (value == nullptr) {
    throw Error("ERR_ARCHITECTURE", "Expected a complete layer but " + layer.type + " '" +
                                        layer.name + "' lacks its option " + option);
  }
  return *value;
}

}  // namespace

int64_t Layer::integer(const std::string& option) const {
  return static_cast<int64_t>(number(option));
}
double Layer::number(const std::string& option) const { return option_of<double>(*this, option); }
bool Layer::flag(const std::string& option) const { return option_of<bool>(*this, option); }
const std::string& Layer::text(const std::string& option) const {
  return option_of<std::string>(*this, option);
}
const Shape& Layer::shape(const std::string& option) const {
  return option_of<Shape>(*this, option);
}

}  // namespace sparring
