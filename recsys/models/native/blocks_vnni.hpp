// A block of a product by AVX-512 VNNI: 16 sums of 4 products an instruction.

#pragma once

#include <cstring>

#include "codes.hpp"

inline bool may_use_blocks() { return true; }

struct BlockRegisters {
    BlockRegisters() {} // every thread has them
};

template <int ROWS>
void multiply_rows(const int8_t *codes, int inputs, const uint8_t *left, const uint8_t *right, int32_t *sums) {
    __m512i left_sums[ROWS] = {}, right_sums[ROWS] = {};
    for (int k = 0; k < inputs; k += 4) {
        const __m512i left_weights = _mm512_loadu_si512(left + k * LANES),
                      right_weights = _mm512_loadu_si512(right + k * LANES);
        for (int r = 0; r < ROWS; ++r) {
            int32_t four;
            std::memcpy(&four, codes + size_t(r) * inputs + k, 4);
            const __m512i repeated = _mm512_set1_epi32(four);
            left_sums[r] = _mm512_dpbusd_epi32(left_sums[r], left_weights, repeated);
            right_sums[r] = _mm512_dpbusd_epi32(right_sums[r], right_weights, repeated);
        }
    }
    for (int r = 0; r < ROWS; ++r) {
        _mm512_storeu_si512(sums + r * PAIR, left_sums[r]);
        _mm512_storeu_si512(sums + r * PAIR + LANES, right_sums[r]);
    }
}

// sums [32][32], of which TALL = false fills the first 16 rows: codes' rows from `row` on by the columns of a pair.
template <bool TALL>
void multiply(const Codes &codes, int plane, int row, const Weights &weights, int pair, int32_t *sums) {
    const uint8_t *left = weights.block(2 * pair), *right = weights.block(2 * pair + 1);
    const int rows = std::min(codes.rows - row, TALL ? 2 * TILE_ROWS : TILE_ROWS);
    int r = 0;
    for (; rows - r >= 8; r += 8)
        multiply_rows<8>(codes.row(plane, row + r), codes.inputs, left, right, sums + r * PAIR);
    for (; rows - r >= 3; r += 3)
        multiply_rows<3>(codes.row(plane, row + r), codes.inputs, left, right, sums + r * PAIR);
    for (; r < rows; ++r) multiply_rows<1>(codes.row(plane, row + r), codes.inputs, left, right, sums + r * PAIR);
}
