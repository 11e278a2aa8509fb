// Layer norm (Ba et al. 2016) of one token.

#pragma once

#include <cmath>

#include "numbers.hpp"

struct Norm {
    const float *weight, *bias;
};

inline void normalise(float *x, int n, const Norm &norm, float eps) {
    __m512 sum = _mm512_setzero_ps(), squares = sum;
    for (int k = 0; k < n; k += LANES) sum = _mm512_add_ps(sum, _mm512_loadu_ps(x + k));
    const __m512 mean = all_of(_mm512_reduce_add_ps(sum) / n);
    for (int k = 0; k < n; k += LANES) {
        const __m512 distance = _mm512_sub_ps(_mm512_loadu_ps(x + k), mean);
        squares = _mm512_fmadd_ps(distance, distance, squares);
    }
    const __m512 factor = all_of(1.0f / std::sqrt(_mm512_reduce_add_ps(squares) / n + eps));
    for (int k = 0; k < n; k += LANES) {
        const __m512 value = _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(x + k), mean), factor);
        _mm512_storeu_ps(x + k,
                         _mm512_fmadd_ps(value, _mm512_loadu_ps(norm.weight + k), _mm512_loadu_ps(norm.bias + k)));
    }
}
