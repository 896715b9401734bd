// The loops themselves, in plain C++ with vectors of the level's width: compiled once for each, with its flags.
//
// Define LOOPS_VECTOR_BYTES before including this. No part of the standard library here: see pdq/loops.hpp.
#pragma once

#include "loops.hpp"

namespace takeback {
namespace {

typedef float Floats __attribute__((vector_size(LOOPS_VECTOR_BYTES), aligned(4), may_alias));
typedef std::int32_t Whole __attribute__((vector_size(LOOPS_VECTOR_BYTES), aligned(4), may_alias));

constexpr std::ptrdiff_t floats_in_vector = LOOPS_VECTOR_BYTES / 4;

// cos(k pi / 16) / 2; the fourth is also the weight of frequency 0.
constexpr float cos1 = 0.490392640201615224563091118067119F;
constexpr float cos2 = 0.461939766255643378064159846722F;
constexpr float cos3 = 0.415734806151272618539394188808952F;
constexpr float cos4 = 0.353553390593273762200422181052F;
constexpr float cos5 = 0.277785116509801112371545406977F;
constexpr float cos6 = 0.191341716182544885864229992015F;
constexpr float cos7 = 0.0975451610080641339241098388F;

// The orthonormal DCT-II of eight values, in place. The reference in Python keeps this order of sums.
inline void transform(Floats* x) {
    const Floats s0 = x[0] + x[7], s1 = x[1] + x[6], s2 = x[2] + x[5], s3 = x[3] + x[4];
    const Floats d0 = x[0] - x[7], d1 = x[1] - x[6], d2 = x[2] - x[5], d3 = x[3] - x[4];
    const Floats e0 = s0 + s3, e1 = s1 + s2, e2 = s0 - s3, e3 = s1 - s2;
    x[0] = (e0 + e1) * cos4;
    x[4] = (e0 - e1) * cos4;
    x[2] = e2 * cos2 + e3 * cos6;
    x[6] = e2 * cos6 - e3 * cos2;
    x[1] = (d0 * cos1 + d1 * cos3) + (d2 * cos5 + d3 * cos7);
    x[3] = (d0 * cos3 - d1 * cos7) - (d2 * cos1 + d3 * cos5);
    x[5] = (d0 * cos5 - d1 * cos1) + (d2 * cos7 + d3 * cos3);
    x[7] = (d0 * cos7 - d1 * cos5) + (d2 * cos3 - d3 * cos1);
}

inline Floats load(const float* values) { return *reinterpret_cast<const Floats*>(values); }

void transform_rows(const std::uint8_t* pixels, Across& out) {
    float row[tile_columns + block_side];
    for (std::ptrdiff_t x = 0; x < tile_columns + block_side; ++x) {
        row[x] = static_cast<float>(pixels[x]);
    }
    for (std::ptrdiff_t x = 0; x < tile_columns; x += floats_in_vector) {
        Floats values[block_side];
        for (int k = 0; k < block_side; ++k) {
            values[k] = load(row + x + k);
        }
        transform(values);
        for (int u = 0; u < block_side; ++u) {
            *reinterpret_cast<Floats*>(out.at[u] + x) = values[u];
        }
    }
}

void count_zeros(const Across* const* rows, std::uint8_t* zeros) {
    for (std::ptrdiff_t x = 0; x < tile_columns; x += floats_in_vector) {
        Whole count = {};
        for (int u = 0; u < block_side; ++u) {
            Floats values[block_side];
            for (int k = 0; k < block_side; ++k) {
                values[k] = load(rows[k]->at[u] + x);
            }
            transform(values);
            for (int v = u == 0 ? 1 : 0; v < block_side; ++v) {
                count -= values[v] * values[v] < 0.25F;  // A vector's "true" is -1.
            }
        }
        for (std::ptrdiff_t k = 0; k < floats_in_vector; ++k) {
            zeros[x + k] = static_cast<std::uint8_t>(count[k]);
        }
    }
}

void stronger(const std::int16_t* left, const std::int16_t* right, std::ptrdiff_t count, std::int16_t* out) {
    for (std::ptrdiff_t k = 0; k < count; ++k) {
        const std::int16_t a = left[k];
        const std::int16_t b = right[k];
        const std::int16_t larger = a > b ? a : b;
        const std::int16_t tie = static_cast<std::int16_t>((a >> 8) == (b >> 8) ? no_origin : 0);
        out[k] = static_cast<std::int16_t>(larger | tie);
    }
}

}  // namespace
}  // namespace takeback
