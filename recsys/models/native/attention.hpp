// Attention of one head within one text (Vaswani et al. 2017), in float32.

#pragma once

#include <cmath>
#include <cstddef>

#include "buffer.hpp"
#include "numbers.hpp"

constexpr int ROWS_TOGETHER = 4; // as many sums at once hide how long an addition takes

inline __mmask16 lanes_before(int end, int j) { return end - j < LANES ? (1u << (end - j)) - 1 : 0xffff; }

class Attention {
  public:
    // queries: of the head's first token, [length] rows of `stride`, keys and values `hidden` and 2 · hidden behind.
    // mixed: [length] rows of `hidden`. size: numbers of a head, a multiple of 32.
    void operator()(const float *queries, int stride, int hidden, int size, int length, float *mixed) {
        padded_ = (length + LANES - 1) / LANES * LANES, size_ = size, length_ = length, stride_ = stride;
        keys_.grow(size_t(size) * padded_), shares_.grow(size_t(length) * padded_);
        turn(queries + hidden);
        int i = 0;
        for (; length - i >= ROWS_TOGETHER; i += ROWS_TOGETHER) rows<ROWS_TOGETHER>(queries, hidden, i, mixed);
        for (; i < length; ++i) rows<1>(queries, hidden, i, mixed);
    }

  private:
    // Keys [length][size] to [size][padded], so that sixteen tokens are one register.
    void turn(const float *keys) {
        for (int j = 0; j < length_; ++j)
            for (int d = 0; d < size_; ++d) keys_[size_t(d) * padded_ + j] = keys[size_t(j) * stride_ + d];
    }

    template <int ROWS> void rows(const float *queries, int hidden, int i, float *mixed) {
        const float *query[ROWS];
        float *share[ROWS];
        for (int r = 0; r < ROWS; ++r)
            query[r] = queries + size_t(i + r) * stride_, share[r] = shares_.data() + size_t(i + r) * padded_;
        score<ROWS>(query, share);
        for (int r = 0; r < ROWS; ++r) soften(share[r]);
        mix<ROWS>(share, queries + 2 * hidden, mixed + size_t(i) * hidden, hidden);
    }

    template <int ROWS> void score(const float *const *query, float *const *share) const {
        const __m512 scale = all_of(1 / std::sqrt(float(size_)));
        for (int j = 0; j < padded_; j += LANES) {
            __m512 sums[ROWS] = {};
            for (int d = 0; d < size_; ++d) {
                const __m512 keys = _mm512_loadu_ps(keys_.data() + size_t(d) * padded_ + j);
                for (int r = 0; r < ROWS; ++r) sums[r] = _mm512_fmadd_ps(all_of(query[r][d]), keys, sums[r]);
            }
            for (int r = 0; r < ROWS; ++r) _mm512_storeu_ps(share[r] + j, _mm512_mul_ps(sums[r], scale));
        }
    }

    // Softmax in place; behind the last token zeros.
    void soften(float *share) const {
        __m512 highest = all_of(-3e38f), total = _mm512_setzero_ps();
        for (int j = 0; j < padded_; j += LANES)
            highest = _mm512_mask_max_ps(highest, lanes_before(length_, j), highest, _mm512_loadu_ps(share + j));
        const __m512 top = all_of(_mm512_reduce_max_ps(highest));
        for (int j = 0; j < padded_; j += LANES) {
            const __m512 power = exponential(_mm512_sub_ps(_mm512_loadu_ps(share + j), top));
            const __m512 real = _mm512_maskz_mov_ps(lanes_before(length_, j), power);
            total = _mm512_add_ps(total, real);
            _mm512_storeu_ps(share + j, real);
        }
        const __m512 inverse = all_of(1 / _mm512_reduce_add_ps(total));
        for (int j = 0; j < padded_; j += LANES)
            _mm512_storeu_ps(share + j, _mm512_mul_ps(_mm512_loadu_ps(share + j), inverse));
    }

    template <int ROWS> void mix(float *const *share, const float *values, float *mixed, int hidden) const {
        for (int d = 0; d < size_; d += 2 * LANES) {
            __m512 left[ROWS] = {}, right[ROWS] = {};
            for (int j = 0; j < length_; ++j) {
                const float *value = values + size_t(j) * stride_ + d;
                const __m512 left_value = _mm512_loadu_ps(value), right_value = _mm512_loadu_ps(value + LANES);
                for (int r = 0; r < ROWS; ++r) {
                    left[r] = _mm512_fmadd_ps(all_of(share[r][j]), left_value, left[r]);
                    right[r] = _mm512_fmadd_ps(all_of(share[r][j]), right_value, right[r]);
                }
            }
            for (int r = 0; r < ROWS; ++r) {
                _mm512_storeu_ps(mixed + size_t(r) * hidden + d, left[r]);
                _mm512_storeu_ps(mixed + size_t(r) * hidden + d + LANES, right[r]);
            }
        }
    }

    int padded_ = 0, size_ = 0, length_ = 0, stride_ = 0;
    Buffer<float> keys_, shares_;
};
