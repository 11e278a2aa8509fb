// Codes by weights, and what makes numbers of the sums.

#pragma once

#ifdef __AMX_INT8__
#include "blocks_amx.hpp"
#else
#include "blocks_vnni.hpp"
#endif

// From sums of codes by shifted weights to sums of values by weights, of sixteen columns.
struct Columns {
    __m512 scales, bias, sums;

    Columns(const Weights &weights, int column)
        : scales(_mm512_loadu_ps(weights.scales + column)), bias(_mm512_loadu_ps(weights.bias + column)),
          sums(_mm512_cvtepi32_ps(_mm512_loadu_si512(weights.sums + column))) {}

    __m512 values(const Codes &codes, int r, __m512 sums_of_codes) const {
        const __m512 around_zero = _mm512_fnmadd_ps(all_of(codes.zero_points[r]), sums, sums_of_codes);
        return _mm512_fmadd_ps(around_zero, _mm512_mul_ps(scales, all_of(codes.scales[r])), bias);
    }
};

inline __m512 unshifted(const Codes &codes, int plane, int r, const int32_t *sums) {
    const __m512i shift = _mm512_set1_epi32(UNSIGNED_SHIFT * codes.sum(plane, r));
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_load_si512(sums), shift));
}

// Calls finish(row, column, sixteen values) for a thread's share of the columns.
template <int PLANES, class Finish>
void product(const Codes &codes, const Weights &weights, int thread, int threads, Finish finish) {
    const int pairs = weights.outputs / PAIR, rows_together = 2 * TILE_ROWS;
    alignas(64) int32_t sums[PLANES][rows_together * PAIR];
    for (int pair = pairs * thread / threads; pair < pairs * (thread + 1) / threads; ++pair) {
        const Columns halves[2] = {{weights, pair * PAIR}, {weights, pair * PAIR + LANES}};
        for (int row = 0; row < codes.rows; row += rows_together) {
            const int rows = std::min(rows_together, codes.rows - row);
            for (int plane = 0; plane < PLANES; ++plane)
                if (rows > TILE_ROWS)
                    multiply<true>(codes, plane, row, weights, pair, sums[plane]);
                else
                    multiply<false>(codes, plane, row, weights, pair, sums[plane]);
            for (int r = 0; r < rows; ++r)
                for (int half = 0; half < 2; ++half) {
                    const int at = r * PAIR + half * LANES;
                    __m512 sum = unshifted(codes, 0, row + r, sums[0] + at);
                    if (PLANES == 2)
                        sum = _mm512_fmadd_ps(sum, all_of(256), unshifted(codes, 1, row + r, sums[PLANES - 1] + at));
                    finish(row + r, pair * PAIR + half * LANES, halves[half].values(codes, row + r, sum));
                }
        }
    }
}

template <class Finish>
void product(const Codes &codes, const Weights &weights, int thread, int threads, Finish finish) {
    if (codes.planes == 2)
        product<2>(codes, weights, thread, threads, finish);
    else
        product<1>(codes, weights, thread, threads, finish);
}
