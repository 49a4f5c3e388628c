// What the two executions are compared on: pairs of a small generator and discriminator, with all
// that they are trained for.
#pragma once

#include "core/test/pairs.h"

namespace sparring::test {

std::vector<Layer> conv_generator();

struct Recipe {
  std::string name;
  std::vector<Layer> discriminator;
  Choice objective;
  std::vector<std::string> penalties = {};
  std::vector<Choice> auxiliaries = {};
  std::vector<std::string> augmentations = {};
  bool is_conditional = false;
  std::vector<Layer> generator = conv_generator();
  std::vector<std::string> transforms = {};  // of ada
  // How the generator of a conditional one takes its labels.
  std::string labels = "multiply";
};

// Every objective, penalty, auxiliary and kind of discriminator.
std::vector<Recipe> recipes();
// Of linear layers only, as dense/ plans them.
std::vector<Recipe> dense_recipes();
// That with ADA.
Recipe adaptive(Recipe recipe);

Choice objective(const std::string& name);
Layer embedding(const std::string& name, double width, const std::string& combine);
std::vector<Layer> dense_generator();
// An MLP on [1, 8, 8].
std::vector<Layer> plain();
// Couples the samples of a pass, and repeats itself.
std::vector<Layer> normed();

}  // namespace sparring::test
