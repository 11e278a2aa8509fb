// Functions of sixteen float32 at a time.

#pragma once

#include <immintrin.h>

#include <initializer_list>

constexpr int LANES = 16; // float32 of a 512-bit register

inline __m512 all_of(float value) { return _mm512_set1_ps(value); }

// e^x of −87 ≤ x ≤ 0, to 2e-7 of itself, and about 0 below: Cody and Waite's reduction by ln 2 in two parts, then a
// polynomial on ±ln(2)/2.
inline __m512 exponential(__m512 x) {
    x = _mm512_max_ps(all_of(-87.0f), x); // in this order a NaN stays one
    const __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, all_of(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
    const __m512 r = _mm512_fnmadd_ps(n, all_of(1.42860677e-6f), _mm512_fnmadd_ps(n, all_of(0.693145752f), x));
    __m512 p = all_of(1.0f / 720);
    for (const float c : {1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) p = _mm512_fmadd_ps(p, r, all_of(c));
    return _mm512_scalef_ps(p, n);
}

// x · Φ(x) (Hendrycks and Gimpel 2016), with the rational minimax approximation of erf on [−4, 4] that Eigen uses.
inline __m512 gelu(__m512 x) {
    __m512 z = _mm512_mul_ps(x, all_of(0.707106781f));
    z = _mm512_max_ps(_mm512_min_ps(z, all_of(4.0f)), all_of(-4.0f));
    const __m512 square = _mm512_mul_ps(z, z);
    __m512 above = all_of(-2.72614225801306e-10f), below = all_of(-1.45660718464996e-05f);
    for (const float c : {2.77068142495902e-08f, -2.10102402082508e-06f, -5.69250639462346e-05f, -7.34990630326855e-04f,
                          -2.95459980854025e-03f, -1.60960333262415e-02f})
        above = _mm512_fmadd_ps(above, square, all_of(c));
    for (const float c :
         {-2.13374055278905e-04f, -1.68282697438203e-03f, -7.37332916720468e-03f, -1.42647390514189e-02f})
        below = _mm512_fmadd_ps(below, square, all_of(c));
    __m512 inverse = _mm512_rcp14_ps(below);
    inverse = _mm512_mul_ps(inverse, _mm512_fnmadd_ps(below, inverse, all_of(2.0f))); // a step of Newton's
    const __m512 erf = _mm512_mul_ps(_mm512_mul_ps(z, above), inverse), half = _mm512_mul_ps(x, all_of(0.5f));
    return _mm512_fmadd_ps(half, erf, half);
}
