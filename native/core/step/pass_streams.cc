#include "core/step/pass_streams.h"

namespace sparring {
namespace {

// SplitMix64's last step: every bit changes all others.
uint64_t mixed(uint64_t word) {
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9u;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBu;
  return word ^ (word >> 31);
}

}  // namespace

RandomStream& PassStreams::next(const RandomStream& common) {
  const uint64_t pass = (rank_ << 32) + passes_++;
  own_ = std::make_unique<RandomStream>(mixed(common.fork()->draw_seed() + mixed(pass + 1)));
  return *own_;
}

}  // namespace sparring
