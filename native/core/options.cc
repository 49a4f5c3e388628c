#include "core/options.h"

#include "core/error.h"

namespace sparring {
namespace {

template <class T>
const T& value_of(const std::map<std::string, Option>& values, const std::string& name) {
  const auto found = values.find(name);
  const T* value = found == values.end() ? nullptr : std::get_if<T>(&found->second);
  if (value == nullptr) {
    throw Error("ERR_NATIVE", "Expected every option to be given but received none for " + name);
  }
  return *value;
}

}  // namespace

int64_t Options::integer(const std::string& name) const {
  return static_cast<int64_t>(number(name));
}
double Options::number(const std::string& name) const { return value_of<double>(values_, name); }
bool Options::flag(const std::string& name) const { return value_of<bool>(values_, name); }
const std::string& Options::text(const std::string& name) const {
  return value_of<std::string>(values_, name);
}
const Shape& Options::shape(const std::string& name) const {
  return value_of<Shape>(values_, name);
}

}  // namespace sparring
