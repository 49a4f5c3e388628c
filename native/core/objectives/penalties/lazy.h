// Lazy regularisation (Karras et al. 2020, StyleGAN2).
#pragma once

#include "core/options.h"

namespace sparring {

// A term of a player's loss with its weight: only at every n-th update of the player, and then n
// times as strong.
class Lazy {
 public:
  explicit Lazy(const Options& options)
      : weight_(options.number("weight")), every_(options.integer("every")) {}

  bool is_due(int64_t update) const { return update % every_ == 0; }
  bool is_lazy() const { return every_ > 1; }
  double strength() const { return weight_ * static_cast<double>(every_); }

 private:
  double weight_;
  int64_t every_;
};

}  // namespace sparring
