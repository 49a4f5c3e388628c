// What a step does, told: for those who want to know why theirs takes as long as it does.
#pragma once

#include <string>
#include <vector>

namespace sparring {

// What could have been, with the reason why not.
struct Refusal {
  std::string rewrite, reason;
};

// A rewrite that was made. lib/ counts arithmetic by the id; the name is only shown.
struct RewriteName {
  std::string id, name;
};

// One operation of a network, and how it came about.
struct Operation {
  std::vector<std::string> layers;  // by their keys in the state dict
  std::vector<RewriteName> rewrites;
  std::vector<Refusal> refusals;
};

struct Explanation {
  // eager: PyTorch's operations; rewritten: fewer ones, by autograd; planned: a list of calls
  // without a graph; replayed: recorded on a GPU, and one launch.
  std::string kind;
  // Reals and fakes go through the discriminator together.
  bool one_pass = false;
  // Of the step as a whole.
  std::vector<RewriteName> rewrites;
  std::vector<Refusal> refusals;
  std::vector<Operation> generator, discriminator;
};

}  // namespace sparring
