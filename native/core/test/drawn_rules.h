// How a drawn pair is trained, which is drawn too, and what a step of it needs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/step/step.h"
#include "core/test/drawn_networks.h"

namespace sparring::test {

struct DrawnRules {
  Choice objective;
  std::string penalty;  // empty: none
  Order order;
  int64_t discriminator_steps, rows;
  std::vector<std::string> augmentations = {};
  bool adapts = false;
  bool shares_fakes = true;
  int64_t generator_steps = 1;
  int64_t parts = 1;      // in which a batch is worked on
  int64_t last_rows = 0;  // of every third batch, as an epoch's last may have fewer; 0: all of them
  double momentum = 0;
  double clip = 0;  // the largest norm of a gradient; 0: any
  Precision precision = Precision::kFloat32;
  bool penalises_paths = false;  // of a generator that is styled
  double frozen = 0;             // how probable it is that a weight stays as it is
};

DrawnRules draw_rules(Drawer& draw, uint32_t seed);

// Rows of the i-th batch.
int64_t rows_of(const DrawnRules& rules, int64_t i);

// True for networks of which no sample knows of the others of its batch, and that draw no numbers
// as they pass: a batch may be worked on in parts, or have one sample.
bool knows_no_batch(const std::string& networks);

// The pair with weights of that type on that device, the same ones for each type but for rounding.
std::shared_ptr<Pair> make_drawn(const DrawnPair& drawn, const DrawnRules& rules, uint64_t seed,
                                 const at::TensorOptions& options);

}  // namespace sparring::test
