// How the kernels of norm.cu share out a matrix: for both sides, and so without includes. The
// kernels' text has it first.
#ifndef SPARRING_NORM_BLOCK_H
#define SPARRING_NORM_BLOCK_H

// Columns and rows of a block.
constexpr int kWide = 32, kDeep = 8;

#endif
