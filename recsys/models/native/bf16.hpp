// Weights and activations in bf16, summed in float32.

#pragma once

#include "buffer.hpp"
#include "products.hpp"

struct Halves;

struct Bf16Weights {
    using Activations = Halves;
    const uint8_t *packed; // columns
    const float *bias;     // [outputs]
    int32_t inputs, outputs;
};

struct Halves {
    int rows = 0, inputs = 0;

    // Of so many rows, for these weights.
    void shape(int new_rows, const Bf16Weights &weights) {
        rows = new_rows, inputs = weights.inputs;
        values_.grow(size_t(whole_tiles(rows)) * inputs);
    }
    void write(const float *x, int r) {
        uint16_t *halves = values_.data() + size_t(r) * inputs;
        for (int k = 0; k < inputs; k += LANES) {
            const __m256bh sixteen = _mm512_cvtneps_pbh(_mm512_loadu_ps(x + k));
            _mm256_storeu_si256(reinterpret_cast<__m256i *>(halves + k), reinterpret_cast<__m256i>(sixteen));
        }
    }
    Rows bytes() const { return {reinterpret_cast<const uint8_t *>(values_.data()), rows, 2 * inputs}; }

  private:
    Buffer<uint16_t> values_; // [whole tiles of rows][inputs]
};

// Calls finish(row, column, sixteen values) for a thread's share of the columns.
template <class Finish> void product(const Halves &halves, const Bf16Weights &weights, Share share, Finish finish) {
    const PackedColumns columns{weights.packed, 2 * weights.inputs};
    Block<Bf16Dot> block;
    const auto fill = [&](int row, int pair) { block.fill(halves.bytes(), row, columns, pair); };
    for_blocks(halves.rows, weights.outputs, share, fill, [&](int row, int r, int pair, int half) {
        const int column = pair * PAIR + half * LANES;
        finish(row, column, _mm512_add_ps(_mm512_load_ps(block.at(r, half)), _mm512_loadu_ps(weights.bias + column)));
    });
}
