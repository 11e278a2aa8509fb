// A block of a product by AMX: 16 × 16 sums an instruction, of 64 products of bytes or 32 of bf16.

#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "rows.hpp"

struct Int8Dot { // signed rows by unsigned columns
    using Number = int32_t;
    static constexpr bool IS_BF16 = false;
};

struct Bf16Dot {
    using Number = float;
    static constexpr bool IS_BF16 = true;
};

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
        // The intrinsic of older compilers says that it reads eight bytes, and they drop what is written to the others.
        asm volatile("ldtilecfg %0" : : "m"(shapes));
    }
    ~BlockRegisters() { _tile_release(); }
};

// The instruction's tiles are part of its name: no function can take them.
#define ADD_PRODUCT(sums, rows, columns)                                                                               \
    if constexpr (Dot::IS_BF16)                                                                                        \
        _tile_dpbf16ps(sums, rows, columns);                                                                           \
    else                                                                                                               \
        _tile_dpbsud(sums, rows, columns)

// sums [32][32], of which TALL = false fills the first 16 rows: rows from `row` on by the columns of a pair.
template <class Dot, bool TALL>
void multiply(const Rows &rows, int row, const PackedColumns &columns, int pair, typename Dot::Number *sums) {
    constexpr int TILE_ROW_BYTES = 64, TILE_BYTES = TILE_ROW_BYTES * LANES, SUMS_ROW_BYTES = PAIR * 4;
    std::atomic_signal_fence(std::memory_order_seq_cst); // tile loads do not tell every compiler that they read memory
    const uint8_t *upper = rows.at(row), *lower = rows.at(row + TILE_ROWS);
    const uint8_t *left = columns.block(2 * pair), *right = columns.block(2 * pair + 1);
    _tile_zero(0);
    _tile_zero(1);
    if (TALL) {
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int k = 0; k < rows.row_bytes; k += TILE_ROW_BYTES, left += TILE_BYTES, right += TILE_BYTES) {
        _tile_loadd(4, upper + k, rows.row_bytes);
        _tile_loadd(6, left, TILE_ROW_BYTES);
        ADD_PRODUCT(0, 4, 6);
        _tile_loadd(7, right, TILE_ROW_BYTES);
        ADD_PRODUCT(1, 4, 7);
        if (TALL) {
            _tile_loadd(5, lower + k, rows.row_bytes);
            ADD_PRODUCT(2, 5, 6);
            ADD_PRODUCT(3, 5, 7);
        }
    }
    _tile_stored(0, sums, SUMS_ROW_BYTES);
    _tile_stored(1, sums + LANES, SUMS_ROW_BYTES);
    if (TALL) {
        _tile_stored(2, sums + TILE_ROWS * PAIR, SUMS_ROW_BYTES);
        _tile_stored(3, sums + TILE_ROWS * PAIR + LANES, SUMS_ROW_BYTES);
    }
}

#undef ADD_PRODUCT
