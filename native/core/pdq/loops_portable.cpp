#define LOOPS_VECTOR_BYTES 16
#include "loops_shared.hpp"

namespace takeback {
namespace {

// Two sums of four rows each fit 16 bits.
void add_block(const std::uint8_t* const* rows, std::ptrdiff_t at, const RowSums& band) {
    const std::uint8_t* weights = band.weights;
    std::int32_t* sums = band.sums + at;
    std::uint16_t low[block_bytes];
    std::uint16_t high[block_bytes];
    for (std::ptrdiff_t k = 0; k < block_bytes; ++k) {
        low[k] = static_cast<std::uint16_t>(weights[0] * rows[0][at + k] + weights[1] * rows[1][at + k] +
                                            weights[2] * rows[2][at + k] + weights[3] * rows[3][at + k]);
        high[k] = static_cast<std::uint16_t>(weights[4] * rows[4][at + k] + weights[5] * rows[5][at + k] +
                                             weights[6] * rows[6][at + k] + weights[7] * rows[7][at + k]);
    }
    for (std::ptrdiff_t k = 0; k < block_bytes; ++k) {
        const std::int32_t before = band.fresh ? 0 : sums[k];
        sums[k] = before + low[k] + high[k];
    }
}

void add_rows(const std::uint8_t* const* rows, std::ptrdiff_t blocks, const RowSums* bands, std::ptrdiff_t count) {
    for (std::ptrdiff_t block = 0; block < blocks; ++block) {
        for (std::ptrdiff_t band = 0; band < count; ++band) {
            add_block(rows, block * block_bytes, bands[band]);
        }
    }
}

void put_in_order(std::int32_t*, std::ptrdiff_t) {}

float dot(const std::int32_t* sums, const float* weights, std::ptrdiff_t size) {
    float partial[partial_sums] = {};
    for (std::ptrdiff_t at = 0; at < size; at += partial_sums) {
        for (std::ptrdiff_t j = 0; j < partial_sums; ++j) {
            partial[j] += static_cast<float>(sums[at + j]) * weights[at + j];
        }
    }
    for (std::ptrdiff_t half = partial_sums / 2; half > 0; half /= 2) {
        for (std::ptrdiff_t j = 0; j < half; ++j) {
            partial[j] += partial[j + half];
        }
    }
    return partial[0];
}

void weigh_columns(const std::int32_t* sums, const CellColumns* cells, std::ptrdiff_t count, const float* weights,
                   float* out) {
    for (std::ptrdiff_t cell = 0; cell < count; ++cell) {
        out[cell] = dot(sums + cells[cell].first, weights + cells[cell].offset, cells[cell].size);
    }
}

}  // namespace

const HashLoops hash_loops_portable = {add_rows, put_in_order, weigh_columns, multiply, steps, luminance,
                                       add_row, mix_rows, mean_luminance};

}  // namespace takeback
