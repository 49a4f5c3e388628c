// A matrix the other way round, for products that take it in one order only.
#pragma once

#include <cstdint>

namespace sparring {

// [rows, columns] -> [columns, rows]; `from_row` and `to_row` are from one row to the next.
void transpose(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to,
               int64_t to_row);
// Value by value.
void transpose(const double* from, int64_t from_row, int64_t rows, int64_t columns, double* to,
               int64_t to_row);

}  // namespace sparring
