// The two executions against each other on networks that nobody chose, on any device.
#pragma once

#include "core/test/drawn_networks.h"
#include "core/torch.h"

namespace sparring::test {

// Draws a pair and how it is trained, trains it by both executions for two steps in float64, and
// again in parts, which is the same training where no sample knows of the others, and checks that
// what has to agree does to 1e-8. False where the pair says nothing: eager itself is torn there, or
// blows up.
bool check_drawn(uint32_t seed, const at::Device& device);
// The same of a pair that is drawn so.
bool check_drawn(uint32_t seed, const at::Device& device, DrawnPair (*draw_networks)(Drawer&));

// Trains the pair by fused execution alone, on the CPU and in one part.
void train_drawn(uint32_t seed, DrawnPair (*draw_networks)(Drawer&));

}  // namespace sparring::test
