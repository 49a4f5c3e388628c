// What the benchmark's contestants answer with.
#pragma once

#include <cmath>
#include <sstream>
#include <string>

namespace sparring {

// JSON has no NaN and no infinity.
inline std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  std::ostringstream text;
  text << value;
  return text.str();
}

}  // namespace sparring
