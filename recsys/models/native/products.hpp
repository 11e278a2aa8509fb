// Products of rows by columns, block after block.

#pragma once

#include <algorithm>
#include <cstdint>

#ifdef __AMX_INT8__
#include "blocks_amx.hpp"
#else
#include "blocks_avx512.hpp"
#endif

struct Share { // of a team's thread, in anything that is shared out
    int thread, threads;

    int first(int n) const { return int(int64_t(n) * thread / threads); }
    int end(int n) const { return int(int64_t(n) * (thread + 1) / threads); }
};

template <class Dot> struct Block {
    alignas(64) typename Dot::Number sums[2 * TILE_ROWS * PAIR];

    void fill(const Rows &rows, int row, const PackedColumns &columns, int pair) {
        if (rows.count - row > TILE_ROWS)
            multiply<Dot, true>(rows, row, columns, pair, sums);
        else
            multiply<Dot, false>(rows, row, columns, pair, sums);
    }
    const typename Dot::Number *at(int r, int half) const { return sums + r * PAIR + half * LANES; }
};

// Calls fill(first row, pair), then finish(row, r of the block, pair, half) for each sixteen sums of a thread's
// columns.
template <class Fill, class Finish> void for_blocks(int rows, int outputs, Share share, Fill fill, Finish finish) {
    constexpr int TOGETHER = 2 * TILE_ROWS;
    for (int pair = share.first(outputs / PAIR); pair < share.end(outputs / PAIR); ++pair)
        for (int row = 0; row < rows; row += TOGETHER) {
            fill(row, pair);
            for (int half = 0; half < 2; ++half)
                for (int r = 0; r < std::min(TOGETHER, rows - row); ++r) finish(row + r, r, pair, half);
        }
}
