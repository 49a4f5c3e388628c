// Named values as they come from lib/, which has checked them and filled in every default.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace sparring {

using Shape = std::vector<int64_t>;
using Option = std::variant<bool, double, std::string, Shape>;

class Options {
 public:
  Options() = default;
  Options(std::initializer_list<std::pair<const std::string, Option>> values) : values_(values) {}

  void set(const std::string& name, Option value) { values_[name] = std::move(value); }
  // Each throws ERR_NATIVE where the option is missing or of another kind.
  int64_t integer(const std::string& name) const;
  double number(const std::string& name) const;
  bool flag(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  const Shape& shape(const std::string& name) const;

 private:
  std::map<std::string, Option> values_;
};

// An entry of a table (of objectives, penalties, optimizers, schedules) with its options.
struct Choice {
  std::string type;
  Options options;
};

}  // namespace sparring
