// The hot loops of the grid votes, compiled for each level in a file of its own (loops_avx2.cpp, ...).
//
// Every level gives the same bits: each value is made by its own sums, in one order that is written down in
// loops_shared.hpp. Those files hold plain data only, as in pdq/loops.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace takeback {

constexpr std::ptrdiff_t block_side = 8;
// Columns that are worked on at once: eight rows of their coefficients stay near the processor.
constexpr std::ptrdiff_t tile_columns = 128;

// Coefficients along the rows of one row of pixels: across[u][x] is frequency u of the eight pixels from x on.
struct alignas(64) Across {
    float at[block_side][tile_columns];
};

struct GridLoops {
    // Of tile_columns + block_side pixels.
    void (*transform_rows)(const std::uint8_t* pixels, Across& out);

    // zeros[x] = how many of the 63 coefficients, but the first, of the block from column x on have c * c < 0.25.
    void (*count_zeros)(const Across* const* rows, std::uint8_t* zeros);

    // out[k] = the larger of left[k] and right[k], each zeros << 8 | origin; where the zeros are equal, origin
    // becomes no_origin. `out` may be either of them.
    void (*stronger)(const std::int16_t* left, const std::int16_t* right, std::ptrdiff_t count, std::int16_t* out);
};

constexpr int no_origin = 255;

extern const GridLoops grid_loops_portable;
extern const GridLoops grid_loops_neon;
extern const GridLoops grid_loops_avx2;
extern const GridLoops grid_loops_avx512;

// That of level().
const GridLoops& grid_loops();

}  // namespace takeback
