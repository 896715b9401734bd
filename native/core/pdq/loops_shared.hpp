// Loops that are plain C++ at every level: compiled once for each, with that level's flags. Each result is its
// own sum in a fixed order, so the width of the vectors does not show.
//
// Define LOOPS_VECTOR_BYTES before including this. No part of the standard library here: see loops.hpp.
#pragma once

#include "loops.hpp"

namespace takeback {
namespace {

typedef float Floats __attribute__((vector_size(LOOPS_VECTOR_BYTES), aligned(4), may_alias));

constexpr std::ptrdiff_t floats_in_vector = LOOPS_VECTOR_BYTES / 4;
constexpr std::ptrdiff_t inner = 64;     // length of the sums of `multiply`
constexpr std::ptrdiff_t out_rows = 16;  // and how many rows it makes

// Four rows by two vectors of the product: eight sums that do not wait for each other.
template <int vectors>
void multiply_part(const float* left, std::ptrdiff_t left_i, std::ptrdiff_t left_k, const float* right,
                   std::ptrdiff_t columns, float* out) {
    constexpr int rows = 4;
    Floats sums[rows][vectors] = {};
    for (std::ptrdiff_t k = 0; k < inner; ++k) {
        Floats across[vectors];
        for (int v = 0; v < vectors; ++v) {
            across[v] = *reinterpret_cast<const Floats*>(right + k * columns + v * floats_in_vector);
        }
        for (int i = 0; i < rows; ++i) {
            const float down = left[i * left_i + k * left_k];
            for (int v = 0; v < vectors; ++v) {
                sums[i][v] += down * across[v];
            }
        }
    }
    for (int i = 0; i < rows; ++i) {
        for (int v = 0; v < vectors; ++v) {
            *reinterpret_cast<Floats*>(out + i * columns + v * floats_in_vector) = sums[i][v];
        }
    }
}

void multiply(const float* left, std::ptrdiff_t left_i, std::ptrdiff_t left_k, const float* right,
              std::ptrdiff_t columns, float* out) {
    constexpr int vectors = floats_in_vector == 16 ? 1 : 2;
    for (std::ptrdiff_t i = 0; i < out_rows; i += 4) {
        for (std::ptrdiff_t j = 0; j < columns; j += vectors * floats_in_vector) {
            multiply_part<vectors>(left + i * left_i, left_i, left_k, right + j, columns, out + i * columns + j);
        }
    }
}

// Whole hundredths of white between `u` and `v`, cut towards zero. Near zero nothing is doubtful: both sides
// of it give 0.
inline void add_step(float u, float v, float doubt, Steps& steps) {
    const float step = __builtin_fabsf((u - v) * 100.0F / 255.0F);
    const int whole = static_cast<int>(step);
    const float rest = step - static_cast<float>(whole);
    steps.sum += whole;
    steps.doubtful += static_cast<int>(rest < doubt) & static_cast<int>(whole > 0);
    steps.doubtful += static_cast<int>(rest > 1.0F - doubt);
}

Steps steps(const float* plane, float doubt) {
    constexpr std::ptrdiff_t side = 64;
    Steps total = {0, 0};
    for (std::ptrdiff_t at = 0; at < side * (side - 1); ++at) {
        add_step(plane[at], plane[at + side], doubt, total);
    }
    for (std::ptrdiff_t y = 0; y < side; ++y) {
        const float* row = plane + y * side;
        for (std::ptrdiff_t x = 0; x + 1 < side; ++x) {
            add_step(row[x], row[x + 1], doubt, total);
        }
    }
    return total;
}

void luminance(const std::uint8_t* rgb, std::ptrdiff_t width, float* out) {
    for (std::ptrdiff_t x = 0; x < width; ++x) {
        const std::uint8_t* pixel = rgb + 3 * x;
        out[x] = static_cast<float>(pixel[0] * 0.299 + pixel[1] * 0.587 + pixel[2] * 0.114);
    }
}

void add_row(const std::uint8_t* __restrict row, std::ptrdiff_t bytes, std::uint16_t* __restrict sums) {
    for (std::ptrdiff_t k = 0; k < bytes; ++k) {
        sums[k] = static_cast<std::uint16_t>(sums[k] + row[k]);
    }
}

void mix_rows(const std::uint8_t* first, const std::uint8_t* last, const std::uint16_t* between, std::ptrdiff_t bytes,
              RowWeights weights, float* __restrict out) {
    for (std::ptrdiff_t k = 0; k < bytes; ++k) {
        const float ends = weights.first * static_cast<float>(first[k]) + weights.last * static_cast<float>(last[k]);
        out[k] = ends + weights.between * static_cast<float>(between[k]);
    }
}

void mean_luminance(const float* rgb, std::ptrdiff_t width, float* __restrict out) {
    for (std::ptrdiff_t x = 0; x < width; ++x) {
        const float* pixel = rgb + 3 * x;
        out[x] = 0.299F * pixel[0] + 0.587F * pixel[1] + 0.114F * pixel[2];
    }
}

}  // namespace
}  // namespace takeback
