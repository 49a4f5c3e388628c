#include "core/hash.h"

#include <algorithm>
#include <cstring>

namespace sparring {

uint64_t fold(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
  return hash ^ (hash >> 32);
}

uint64_t fold(uint64_t hash, const at::Tensor& values) {
  const at::Tensor plain = values.cpu().contiguous();
  const auto size = static_cast<size_t>(plain.nbytes());
  const auto* start = static_cast<const char*>(plain.const_data_ptr());
  for (size_t at = 0; at < size; at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, start + at, std::min(sizeof word, size - at));
    hash = fold(hash, word);
  }
  return hash;
}

}  // namespace sparring
