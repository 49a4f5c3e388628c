// Where the generator moves first and both players learn from the same fakes, the discriminator
// looks at them twice with the same weights: for the generator's update and for its own. Once is
// enough.
#pragma once

#include <string>
#include <vector>

#include "core/step/explanation.h"
#include "core/step/game.h"

namespace sparring {

// The rewrite, as explain() names it, and why it is not made; empty where it is.
inline const RewriteName kOneLook{"oneLook", "one look at fakes that both updates learn from"};
std::string obstacle_to_one_look(const Pair& pair);
void tell_of_one_look(const Pair& pair, Explanation& told);

// What looks leave in the discriminator: running statistics, which a second one would move on by
// the same batch.
class Look {
 public:
  explicit Look(Network& discriminator);
  // Before the first, and after it.
  void begin();
  void end();
  // Does what the second would.
  void repeat() const;

 private:
  // A pass makes keep · r + a of running statistics r, with an `a` of the batch.
  struct Statistics {
    at::Tensor running, added;
    double keep;
  };
  std::vector<Statistics> statistics_;
  std::vector<at::Tensor> counters_;
};

}  // namespace sparring
