// What the instructions multiply: rows of bytes, four of which are one step, by columns packed to match.

#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

constexpr int TILE_ROWS = 16;   // what AMX multiplies at a time
constexpr int PAIR = 2 * LANES; // columns that are computed together
constexpr int STEP_BYTES = 4;

struct Rows {
    const uint8_t *bytes;
    int count, row_bytes;

    const uint8_t *at(int r) const { return bytes + size_t(r) * row_bytes; }
};

// [outputs / 16][row_bytes / 4][16][4]: a register holds one step of sixteen columns.
struct PackedColumns {
    const uint8_t *bytes;
    int row_bytes;

    const uint8_t *block(int n) const { return bytes + size_t(n) * row_bytes * LANES; }
};

inline int whole_tiles(int rows) { return (rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS; }
