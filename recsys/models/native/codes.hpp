// Activations in 8 or 16 bits: each row has a scale and a zero point of its own, so no text depends on its batch.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "weights.hpp"

constexpr int TILE_ROWS = 16; // what AMX multiplies at a time

// value = scale · (code − zero_point). A code of 16 bits lies in two planes: 256 · the first + the second, both signed.
struct Codes {
    int rows = 0, inputs = 0, planes = 0;
    std::vector<float> scales, zero_points; // [rows]

    // Of so many rows, for these weights.
    void shape(int new_rows, const Weights &weights) {
        rows = new_rows, inputs = weights.inputs, planes = weights.planes;
        padded_ = (rows + TILE_ROWS - 1) / TILE_ROWS * TILE_ROWS;
        grow(scales, rows), grow(zero_points, rows), grow(sums_, size_t(planes) * padded_);
        grow(bytes_, size_t(planes) * padded_ * inputs);
    }
    int8_t *row(int plane, int r) { return bytes_.data() + (size_t(plane) * padded_ + r) * inputs; }
    const int8_t *row(int plane, int r) const { return bytes_.data() + (size_t(plane) * padded_ + r) * inputs; }
    int32_t &sum(int plane, int r) { return sums_[size_t(plane) * padded_ + r]; } // of the row's codes
    int32_t sum(int plane, int r) const { return sums_[size_t(plane) * padded_ + r]; }

  private:
    template <class T> static void grow(std::vector<T> &values, size_t n) {
        if (values.size() < n) values.resize(n);
    }
    int padded_ = 0;
    std::vector<int8_t> bytes_; // [planes][padded][inputs]; rows of padding are multiplied, and their products not read
    std::vector<int32_t> sums_;
};

struct Range {
    float lowest, highest;
};

inline Range range_with_zero(const float *x, int n) {
    __m512 low = _mm512_setzero_ps(), high = low;
    for (int k = 0; k < n; k += LANES) {
        const __m512 values = _mm512_loadu_ps(x + k);
        low = _mm512_min_ps(low, values), high = _mm512_max_ps(high, values);
    }
    return {_mm512_reduce_min_ps(low), _mm512_reduce_max_ps(high)};
}

// Writes row r of codes, whose planes are as many as PLANES.
template <int PLANES> void quantise(const float *x, Codes &codes, int r) {
    constexpr float FIRST = PLANES == 2 ? -32639 : -128, LAST = PLANES == 2 ? 32639 : 127; // so that no plane overflows
    const Range range = range_with_zero(x, codes.inputs);
    const float scale = std::max((range.highest - range.lowest) / (LAST - FIRST), 1e-30f), inverse = 1 / scale;
    const float zero_point = std::nearbyint(FIRST - range.lowest * inverse);
    codes.scales[r] = scale, codes.zero_points[r] = zero_point;
    const __m512i first = _mm512_set1_epi32(int(FIRST)), last = _mm512_set1_epi32(int(LAST));
    __m512i sums[PLANES] = {};
    for (int k = 0; k < codes.inputs; k += LANES) {
        __m512i code = _mm512_cvtps_epi32(_mm512_fmadd_ps(_mm512_loadu_ps(x + k), all_of(inverse), all_of(zero_point)));
        code = _mm512_min_epi32(_mm512_max_epi32(code, first), last);
        if (PLANES == 2) {
            const __m512i low_byte = _mm512_srai_epi32(_mm512_slli_epi32(code, 24), 24);
            code = _mm512_srai_epi32(_mm512_sub_epi32(code, low_byte), 8);
            _mm_storeu_si128(reinterpret_cast<__m128i *>(codes.row(PLANES - 1, r) + k), _mm512_cvtepi32_epi8(low_byte));
            sums[PLANES - 1] = _mm512_add_epi32(sums[PLANES - 1], low_byte);
        }
        _mm_storeu_si128(reinterpret_cast<__m128i *>(codes.row(0, r) + k), _mm512_cvtepi32_epi8(code));
        sums[0] = _mm512_add_epi32(sums[0], code);
    }
    for (int plane = 0; plane < PLANES; ++plane) codes.sum(plane, r) = _mm512_reduce_add_epi32(sums[plane]);
}

inline void quantise(const float *x, Codes &codes, int r) {
    if (codes.planes == 2)
        quantise<2>(x, codes, r);
    else
        quantise<1>(x, codes, r);
}
