// A block of a product by AVX-512: 16 sums an instruction, of 4 products of bytes (VNNI) or 2 of bf16.

#pragma once

#include <algorithm>
#include <cstring>

#include "rows.hpp"

struct Int8Dot { // signed rows by unsigned columns
    using Number = int32_t;
    using Sums = __m512i;
    static Sums none() { return _mm512_setzero_si512(); }
    static Sums plus(Sums sums, __m512i columns, __m512i rows) { return _mm512_dpbusd_epi32(sums, columns, rows); }
};

#ifdef __AVX512BF16__
struct Bf16Dot {
    using Number = float;
    using Sums = __m512;
    static Sums none() { return _mm512_setzero_ps(); }
    static Sums plus(Sums sums, __m512i columns, __m512i rows) {
        return _mm512_dpbf16_ps(sums, reinterpret_cast<__m512bh>(columns), reinterpret_cast<__m512bh>(rows));
    }
};
#endif

inline bool may_use_blocks() { return true; }

struct BlockRegisters {
    BlockRegisters() {} // every thread has them
};

template <class Dot, int ROWS>
void multiply_rows(const Rows &rows, int row, const uint8_t *left, const uint8_t *right, typename Dot::Number *sums) {
    typename Dot::Sums left_sums[ROWS], right_sums[ROWS];
    for (int r = 0; r < ROWS; ++r) left_sums[r] = right_sums[r] = Dot::none();
    for (int k = 0; k < rows.row_bytes; k += STEP_BYTES) {
        const __m512i left_step = _mm512_loadu_si512(left + k * LANES),
                      right_step = _mm512_loadu_si512(right + k * LANES);
        for (int r = 0; r < ROWS; ++r) {
            int32_t step;
            std::memcpy(&step, rows.at(row + r) + k, STEP_BYTES);
            left_sums[r] = Dot::plus(left_sums[r], left_step, _mm512_set1_epi32(step));
            right_sums[r] = Dot::plus(right_sums[r], right_step, _mm512_set1_epi32(step));
        }
    }
    for (int r = 0; r < ROWS; ++r) {
        std::memcpy(sums + r * PAIR, &left_sums[r], sizeof left_sums[r]);
        std::memcpy(sums + r * PAIR + LANES, &right_sums[r], sizeof right_sums[r]);
    }
}

// sums [32][32], of which TALL = false fills the first 16 rows: rows from `row` on by the columns of a pair.
template <class Dot, bool TALL>
void multiply(const Rows &rows, int row, const PackedColumns &columns, int pair, typename Dot::Number *sums) {
    const uint8_t *left = columns.block(2 * pair), *right = columns.block(2 * pair + 1);
    const int count = std::min(rows.count - row, TALL ? 2 * TILE_ROWS : TILE_ROWS);
    int r = 0;
    for (; count - r >= 8; r += 8) multiply_rows<Dot, 8>(rows, row + r, left, right, sums + r * PAIR);
    for (; count - r >= 3; r += 3) multiply_rows<Dot, 3>(rows, row + r, left, right, sums + r * PAIR);
    for (; r < count; ++r) multiply_rows<Dot, 1>(rows, row + r, left, right, sums + r * PAIR);
}
