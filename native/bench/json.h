// What the benchmark's contestants answer with.
#pragma once

#include <cmath>
#include <cstdio>
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

inline std::string json_text(const std::string& value) {
  std::string text = "\"";
  for (const char one : value) {
    const auto code = static_cast<unsigned char>(one);
    if (code < 0x20) {
      char escaped[7];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", code);
      text += escaped;
      continue;
    }
    if (one == '"' || one == '\\') text += '\\';
    text += one;
  }
  return text + '"';
}

}  // namespace sparring
