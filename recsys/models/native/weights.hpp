// A weight matrix in 8 bits, a scale a column.

#pragma once

#include <cstddef>
#include <cstdint>

#include "numbers.hpp"

constexpr int PAIR = 2 * LANES;     // columns that are computed together
constexpr int UNSIGNED_SHIFT = 128; // stored − weight: the instructions take one signed factor and one unsigned

struct Weights {
    const uint8_t *packed;           // [outputs / 16][inputs / 4][16][4]: a register holds four rows of sixteen columns
    const float *scales, *bias;      // [outputs]
    const int32_t *sums;             // [outputs]: of a column's weights, not shifted
    int32_t inputs, outputs, planes; // planes: bytes of an activation

    const uint8_t *block(int n) const { return packed + size_t(n) * inputs * LANES; }
};
