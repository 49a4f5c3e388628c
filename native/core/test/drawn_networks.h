// Networks that nobody thought of: layers of any kind, order and size that fit each other.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/nn/architecture.h"

namespace sparring::test {

// What is drawn from one seed is the same on every machine.
class Drawer {
 public:
  explicit Drawer(uint32_t seed) : random_(seed) {}

  // One of `from` to `to`, both included.
  int64_t integer(int64_t from, int64_t to);
  bool chance(double probability);
  template <class Item>
  Item one_of(const std::vector<Item>& items) {
    return items[static_cast<size_t>(integer(0, static_cast<int64_t>(items.size()) - 1))];
  }

 private:
  std::mt19937 random_;
};

// What a discriminator does with labels, of 3 classes.
enum class Labels {
  kNone,
  kTaken,  // it scores an image of a class
  kTold,   // it says which class an image is of
  kGiven,  // both networks are given vectors of them
};

struct DrawnPair {
  std::vector<Layer> generator, discriminator;
  Shape image;
  Labels labels = Labels::kNone;
};

// From 5 numbers, and a label as one-hot if there are any, to an image with sides of at most that,
// and from there to a score.
DrawnPair draw_pair(Drawer& draw, int64_t largest_side = 20);

// Linear layers that drop values or are given vectors of labels, which train without a graph, too.
DrawnPair draw_dropping_pair(Drawer& draw);

// A synthesis of modulated convolutions against a discriminator that blurs.
DrawnPair draw_styled_pair(Drawer& draw);

// The layers as text, for a failure's message.
std::string text_of(const std::vector<Layer>& layers);

}  // namespace sparring::test
