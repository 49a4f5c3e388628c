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

// Draws some pairs, has two or three ranks train each together for three steps in float64, and
// checks that it is the training of one process with the whole batch, to 1e-9. Only of networks
// that draw no numbers as they pass. Gives how many there were and said something.
int64_t check_ranks(uint32_t seed);

// Trains the pair by fused execution alone, on the CPU and in one part.
void train_drawn(uint32_t seed, DrawnPair (*draw_networks)(Drawer&));

}  // namespace sparring::test
