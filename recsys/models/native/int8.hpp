// Weights in 8 bits, a scale a column; activations in 8 or 16, a scale and a zero point a row.

#pragma once

#include <cmath>

#include "buffer.hpp"
#include "products.hpp"

struct Codes;

struct Int8Weights {
    using Activations = Codes;
    const uint8_t *packed;           // columns, shifted: the instructions take one signed factor and one unsigned
    const float *scales, *bias;      // [outputs]
    const int32_t *sums;             // [outputs]: of a column's weights, not shifted
    int32_t inputs, outputs, planes; // planes: bytes of an activation

    static constexpr int SHIFT = 128; // stored − weight
};

// value = scale · (code − zero_point). A code of 16 bits lies in two planes: 256 · the first + the second, both signed.
struct Codes {
    int rows = 0, inputs = 0, planes = 0;
    Buffer<float> scales, zero_points; // [rows]

    // Of so many rows, for these weights.
    void shape(int new_rows, const Int8Weights &weights) {
        rows = new_rows, inputs = weights.inputs, planes = weights.planes, padded_ = whole_tiles(rows);
        scales.grow(rows), zero_points.grow(rows), sums_.grow(size_t(planes) * padded_);
        bytes_.grow(size_t(planes) * padded_ * inputs);
    }
    void write(const float *x, int r) {
        if (planes == 2)
            quantise<2>(x, r);
        else
            quantise<1>(x, r);
    }
    Rows plane(int n) const {
        return {reinterpret_cast<const uint8_t *>(bytes_.data()) + size_t(n) * padded_ * inputs, rows, inputs};
    }
    int32_t sum(int plane, int r) const { return sums_[size_t(plane) * padded_ + r]; } // of the row's codes

  private:
    struct Range {
        float lowest, highest;
    };

    Range range_with_zero(const float *x) const {
        __m512 low = _mm512_setzero_ps(), high = low;
        for (int k = 0; k < inputs; k += LANES) {
            const __m512 values = _mm512_loadu_ps(x + k);
            low = _mm512_min_ps(low, values), high = _mm512_max_ps(high, values);
        }
        return {_mm512_reduce_min_ps(low), _mm512_reduce_max_ps(high)};
    }

    template <int PLANES> void quantise(const float *x, int r) {
        // Of 16 bits some are left out, so that no plane overflows.
        constexpr float FIRST = PLANES == 2 ? -32639 : -128, LAST = PLANES == 2 ? 32639 : 127;
        const Range range = range_with_zero(x);
        const float scale = std::max((range.highest - range.lowest) / (LAST - FIRST), 1e-30f), inverse = 1 / scale;
        const float zero_point = std::nearbyint(FIRST - range.lowest * inverse);
        scales[r] = scale, zero_points[r] = zero_point;
        const __m512i first = _mm512_set1_epi32(int(FIRST)), last = _mm512_set1_epi32(int(LAST));
        int8_t *bytes[2] = {bytes_.data() + size_t(r) * inputs,
                            bytes_.data() + size_t(padded_ * (PLANES - 1) + r) * inputs};
        __m512i sums[2] = {};
        for (int k = 0; k < inputs; k += LANES) {
            __m512i code =
                _mm512_cvtps_epi32(_mm512_fmadd_ps(_mm512_loadu_ps(x + k), all_of(inverse), all_of(zero_point)));
            code = _mm512_min_epi32(_mm512_max_epi32(code, first), last);
            if (PLANES == 2) {
                const __m512i low_byte = _mm512_srai_epi32(_mm512_slli_epi32(code, 24), 24);
                code = _mm512_srai_epi32(_mm512_sub_epi32(code, low_byte), 8);
                _mm_storeu_si128(reinterpret_cast<__m128i *>(bytes[1] + k), _mm512_cvtepi32_epi8(low_byte));
                sums[1] = _mm512_add_epi32(sums[1], low_byte);
            }
            _mm_storeu_si128(reinterpret_cast<__m128i *>(bytes[0] + k), _mm512_cvtepi32_epi8(code));
            sums[0] = _mm512_add_epi32(sums[0], code);
        }
        for (int plane = 0; plane < PLANES; ++plane)
            sums_[size_t(plane) * padded_ + r] = _mm512_reduce_add_epi32(sums[plane]);
    }

    int padded_ = 0;
    // [planes][padded][inputs]; what a tile rounds up to is multiplied, and its products not read.
    Buffer<int8_t> bytes_;
    Buffer<int32_t> sums_;
};

inline __m512 unshifted(const Codes &codes, int plane, int r, const int32_t *sums) {
    const __m512i shift = _mm512_set1_epi32(Int8Weights::SHIFT * codes.sum(plane, r));
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_load_si512(sums), shift));
}

template <int PLANES, class Finish>
void product(const Codes &codes, const Int8Weights &weights, Share share, Finish finish) {
    const PackedColumns columns{weights.packed, weights.inputs};
    Block<Int8Dot> blocks[PLANES];
    const auto fill = [&](int row, int pair) {
        for (int plane = 0; plane < PLANES; ++plane) blocks[plane].fill(codes.plane(plane), row, columns, pair);
    };
    for_blocks(codes.rows, weights.outputs, share, fill, [&](int row, int r, int pair, int half) {
        const int column = pair * PAIR + half * LANES;
        __m512 sums = unshifted(codes, 0, row, blocks[0].at(r, half));
        if (PLANES == 2)
            sums = _mm512_fmadd_ps(sums, all_of(256), unshifted(codes, 1, row, blocks[PLANES - 1].at(r, half)));
        const __m512 column_sums = _mm512_cvtepi32_ps(_mm512_loadu_si512(weights.sums + column));
        const __m512 scales = _mm512_mul_ps(_mm512_loadu_ps(weights.scales + column), all_of(codes.scales[row]));
        sums = _mm512_fnmadd_ps(all_of(codes.zero_points[row]), column_sums, sums);
        finish(row, column, _mm512_fmadd_ps(sums, scales, _mm512_loadu_ps(weights.bias + column)));
    });
}

// Calls finish(row, column, sixteen values) for a thread's share of the columns.
template <class Finish> void product(const Codes &codes, const Int8Weights &weights, Share share, Finish finish) {
    if (codes.planes == 2)
        product<2>(codes, weights, share, finish);
    else
        product<1>(codes, weights, share, finish);
}
