// Looks a type up in a table of builders: the one place where a name becomes code.
#pragma once

#include <map>
#include <string>

#include "core/error.h"

namespace sparring {

// The builder under `type`. Throws ERR_NATIVE for a name that has no row; `what` is for its
// sentence.
template <class Builder>
const Builder& row(const std::map<std::string, Builder>& table, const std::string& type,
                   const std::string& what) {
  const auto found = table.find(type);
  if (found == table.end()) {
    throw Error("ERR_NATIVE", "Expected a known " + what + " but received " + type);
  }
  return found->second;
}

}  // namespace sparring
