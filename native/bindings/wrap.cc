#include "bindings/wrap.h"

#include <random>

namespace sparring::bindings {

napi_type_tag make_type_tag() {
  std::random_device device;
  const auto word = [&device] { return (static_cast<uint64_t>(device()) << 32) | device(); };
  return {word(), word()};
}

}  // namespace sparring::bindings
