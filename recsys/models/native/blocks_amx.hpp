// A block of a product by AMX: 16 × 16 sums of 64 products an instruction.

#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include "codes.hpp"

// Linux hands the tiles' registers to a process that asks for them: false where it will not, or is too old.
inline bool may_use_blocks() {
    constexpr int REQUEST_PERMISSION = 0x1023, TILE_DATA = 18; // arch_prctl(2): ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
}

// For as long as a thread multiplies: eight tiles of 16 rows of 64 bytes.
class BlockRegisters {
    struct alignas(64) Shapes {
        uint8_t palette = 1, start_row = 0, reserved[14] = {};
        uint16_t row_bytes[16] = {};
        uint8_t rows[16] = {};
    };

  public:
    BlockRegisters() {
        Shapes shapes;
        for (int tile = 0; tile < 8; ++tile) shapes.row_bytes[tile] = 64, shapes.rows[tile] = TILE_ROWS;
        _tile_loadconfig(&shapes);
    }
    ~BlockRegisters() { _tile_release(); }
};

// sums [32][32], of which TALL = false fills the first 16 rows: codes' rows from `row` on by the columns of a pair.
template <bool TALL>
void multiply(const Codes &codes, int plane, int row, const Weights &weights, int pair, int32_t *sums) {
    constexpr int STEP = 64, TILE_BYTES = STEP * LANES, SUMS_ROW_BYTES = PAIR * 4;
    const int8_t *upper = codes.row(plane, row), *lower = upper + size_t(TILE_ROWS) * codes.inputs;
    const uint8_t *left = weights.block(2 * pair), *right = weights.block(2 * pair + 1);
    _tile_zero(0);
    _tile_zero(1);
    if (TALL) {
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int k = 0; k < codes.inputs; k += STEP, left += TILE_BYTES, right += TILE_BYTES) {
        _tile_loadd(4, upper + k, codes.inputs);
        _tile_loadd(6, left, STEP);
        _tile_dpbsud(0, 4, 6);
        _tile_loadd(7, right, STEP);
        _tile_dpbsud(1, 4, 7);
        if (TALL) {
            _tile_loadd(5, lower + k, codes.inputs);
            _tile_dpbsud(2, 5, 6);
            _tile_dpbsud(3, 5, 7);
        }
    }
    _tile_stored(0, sums, SUMS_ROW_BYTES);
    _tile_stored(1, sums + LANES, SUMS_ROW_BYTES);
    if (TALL) {
        _tile_stored(2, sums + TILE_ROWS * PAIR, SUMS_ROW_BYTES);
        _tile_stored(3, sums + TILE_ROWS * PAIR + LANES, SUMS_ROW_BYTES);
    }
}
