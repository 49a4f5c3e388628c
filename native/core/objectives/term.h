// A loss as a function of one number, for plans that need no graph.
#pragma once

namespace sparring {

// Its value and its derivative.
struct Term {
  double value = 0, slope = 0;
};

}  // namespace sparring
