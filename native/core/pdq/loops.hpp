// The hot loops over pixels, written or compiled for each level in a file of its own (loops_avx2.cpp, ...).
//
// Every level gives the same bits: what is summed in whole numbers is exact in any order, and what is summed
// in floating point has one order, which is written down here. Those files hold plain data and intrinsics
// only: a function of the standard library that they instantiated could be shared by the linker with code that
// runs everywhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace takeback {

constexpr std::ptrdiff_t rows_at_once = 8;
constexpr std::ptrdiff_t block_bytes = 64;  // each loop takes whole blocks of columns
// The largest weight of one row. Four of it times 255 still fit 16 bits without sign, and two with it.
constexpr int max_weight = 64;
// Partial sums of one dot product: sum j takes the columns j, j + 16, ...; then halves are added onto halves
// (8 and 8, 4 and 4, 2 and 2, 1 and 1).
constexpr std::ptrdiff_t partial_sums = 16;

// Rows added up under whole-number weights, for one band of rows.
struct RowSums {
    std::int32_t* sums;           // one for each column, aligned to 64 bytes, in an order of the level's own
    const std::uint8_t* weights;  // one for each of the 8 rows, at most max_weight
    bool fresh;                   // nothing is in `sums` yet
};

// The columns that make one cell, as a dot product with `weights[offset...]`.
struct CellColumns {
    std::ptrdiff_t first;
    std::ptrdiff_t size;  // a multiple of partial_sums
    std::ptrdiff_t offset;
};

// Steps between neighbours of the plane, in whole hundredths of white; `doubtful` of them lie so near a whole
// hundredth that another order of summing could have cut them elsewhere.
struct Steps {
    int sum;
    int doubtful;
};

// What the rows of one mean weigh: the first, the last, and each between.
struct RowWeights {
    float first;
    float last;
    float between;
};

struct HashLoops {
    // sums[k] += weights[0] * rows[0][k] + ... + weights[7] * rows[7][k], for each of the `count` bands.
    void (*add_rows)(const std::uint8_t* const* rows, std::ptrdiff_t blocks, const RowSums* bands, std::ptrdiff_t count);

    // Puts sums that are complete into the order of the columns.
    void (*put_in_order)(std::int32_t* sums, std::ptrdiff_t blocks);

    void (*weigh_columns)(const std::int32_t* sums, const CellColumns* cells, std::ptrdiff_t count,
                          const float* weights, float* out);

    // out = left x right, where left is [16][64] and right [64][`columns`]; each sum runs over k = 0..63 in
    // order. left(i, k) lies at left[i * left_i + k * left_k]; `columns` is 16 or 64.
    void (*multiply)(const float* left, std::ptrdiff_t left_i, std::ptrdiff_t left_k, const float* right,
                     std::ptrdiff_t columns, float* out);

    // Of a 64 x 64 plane; `doubt` is in hundredths of white.
    Steps (*steps)(const float* plane, float doubt);

    // 0.299 R + 0.587 G + 0.114 B in double, rounded once.
    void (*luminance)(const std::uint8_t* rgb, std::ptrdiff_t width, float* out);

    // Of pixels/resample.cpp. sums[k] += row[k]: at most 257 rows fit.
    void (*add_row)(const std::uint8_t* row, std::ptrdiff_t bytes, std::uint16_t* sums);

    // out[k] = (weights.first * first[k] + weights.last * last[k]) + weights.between * between[k].
    void (*mix_rows)(const std::uint8_t* first, const std::uint8_t* last, const std::uint16_t* between,
                     std::ptrdiff_t bytes, RowWeights weights, float* out);

    // 0.299 R + 0.587 G + 0.114 B in float, from the left.
    void (*mean_luminance)(const float* rgb, std::ptrdiff_t width, float* out);
};

extern const HashLoops hash_loops_portable;
extern const HashLoops hash_loops_neon;
extern const HashLoops hash_loops_avx2;
extern const HashLoops hash_loops_avx512;

// That of level().
const HashLoops& hash_loops();

}  // namespace takeback
