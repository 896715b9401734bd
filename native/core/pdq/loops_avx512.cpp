#include <immintrin.h>

#define LOOPS_VECTOR_BYTES 64
#include "loops_shared.hpp"

namespace takeback {
namespace {

// Four bytes of one column, from four rows, side by side; vector j holds, in each of its four lanes L, the
// columns 16 L + 4 j ... 16 L + 4 j + 3.
struct Quads {
    __m512i part[4];
};

Quads interleave(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i ab_low = _mm512_unpacklo_epi8(a, b);
    const __m512i ab_high = _mm512_unpackhi_epi8(a, b);
    const __m512i cd_low = _mm512_unpacklo_epi8(c, d);
    const __m512i cd_high = _mm512_unpackhi_epi8(c, d);
    return {{_mm512_unpacklo_epi16(ab_low, cd_low), _mm512_unpackhi_epi16(ab_low, cd_low),
             _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)}};
}

__m512i four_weights(const std::uint8_t* weights) {
    std::int32_t four;
    __builtin_memcpy(&four, weights, sizeof four);
    return _mm512_set1_epi32(four);
}

void add_block(const Quads& low, const Quads& high, std::ptrdiff_t at, const RowSums& band) {
    const __m512i low_weights = four_weights(band.weights);
    const __m512i high_weights = four_weights(band.weights + 4);
    std::int32_t* sums = band.sums + at;
    for (int j = 0; j < 4; ++j) {
        const __m512i before = band.fresh ? _mm512_setzero_si512() : _mm512_load_si512(sums + 16 * j);
        const __m512i half = _mm512_dpbusd_epi32(before, low.part[j], low_weights);
        _mm512_store_si512(sums + 16 * j, _mm512_dpbusd_epi32(half, high.part[j], high_weights));
    }
}

void add_rows(const std::uint8_t* const* rows, std::ptrdiff_t blocks, const RowSums* bands, std::ptrdiff_t count) {
    const std::uint8_t* row[rows_at_once];
    for (std::ptrdiff_t r = 0; r < rows_at_once; ++r) {
        row[r] = rows[r];
    }
    for (std::ptrdiff_t at = 0; at < blocks * block_bytes; at += block_bytes) {
        const Quads low = interleave(_mm512_loadu_si512(row[0] + at), _mm512_loadu_si512(row[1] + at),
                                     _mm512_loadu_si512(row[2] + at), _mm512_loadu_si512(row[3] + at));
        const Quads high = interleave(_mm512_loadu_si512(row[4] + at), _mm512_loadu_si512(row[5] + at),
                                      _mm512_loadu_si512(row[6] + at), _mm512_loadu_si512(row[7] + at));
        for (std::ptrdiff_t band = 0; band < count; ++band) {
            add_block(low, high, at, bands[band]);
        }
    }
}

// A 4 x 4 transposition of lanes of four columns.
void put_in_order(std::int32_t* sums, std::ptrdiff_t blocks) {
    for (std::int32_t* at = sums; at < sums + blocks * block_bytes; at += block_bytes) {
        const __m512i a = _mm512_load_si512(at);
        const __m512i b = _mm512_load_si512(at + 16);
        const __m512i c = _mm512_load_si512(at + 32);
        const __m512i d = _mm512_load_si512(at + 48);
        const __m512i ab_low = _mm512_shuffle_i32x4(a, b, 0x44);   // a0 a1 b0 b1
        const __m512i ab_high = _mm512_shuffle_i32x4(a, b, 0xee);  // a2 a3 b2 b3
        const __m512i cd_low = _mm512_shuffle_i32x4(c, d, 0x44);
        const __m512i cd_high = _mm512_shuffle_i32x4(c, d, 0xee);
        _mm512_store_si512(at, _mm512_shuffle_i32x4(ab_low, cd_low, 0x88));  // a0 b0 c0 d0
        _mm512_store_si512(at + 16, _mm512_shuffle_i32x4(ab_low, cd_low, 0xdd));
        _mm512_store_si512(at + 32, _mm512_shuffle_i32x4(ab_high, cd_high, 0x88));
        _mm512_store_si512(at + 48, _mm512_shuffle_i32x4(ab_high, cd_high, 0xdd));
    }
}

__m512 as_floats(const std::int32_t* sums) { return _mm512_cvtepi32_ps(_mm512_loadu_si512(sums)); }

void weigh_one(const std::int32_t* sums, const float* weights, std::ptrdiff_t size, float* out) {
    __m512 sixteen = _mm512_setzero_ps();
    for (std::ptrdiff_t at = 0; at < size; at += partial_sums) {
        sixteen = _mm512_add_ps(sixteen, _mm512_mul_ps(as_floats(sums + at), _mm512_loadu_ps(weights + at)));
    }
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(sixteen), _mm512_extractf32x8_ps(sixteen, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    *out = _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

// Four cells of the same weights: the weights are loaded once, and no sum waits for another.
void weigh_four(const std::int32_t* sums, const CellColumns* cells, const float* weights, float* out) {
    __m512 sum[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
    const std::int32_t* cell[4];
    for (int c = 0; c < 4; ++c) {
        cell[c] = sums + cells[c].first;
    }
    for (std::ptrdiff_t at = 0; at < cells->size; at += partial_sums) {
        const __m512 weight = _mm512_loadu_ps(weights + at);
        for (int c = 0; c < 4; ++c) {
            sum[c] = _mm512_add_ps(sum[c], _mm512_mul_ps(as_floats(cell[c] + at), weight));
        }
    }
    // Eight sums of one cell and eight of the next; then four of each cell, two, and one.
    const __m512 first = _mm512_add_ps(_mm512_shuffle_f32x4(sum[0], sum[1], 0x44),
                                       _mm512_shuffle_f32x4(sum[0], sum[1], 0xee));
    const __m512 second = _mm512_add_ps(_mm512_shuffle_f32x4(sum[2], sum[3], 0x44),
                                        _mm512_shuffle_f32x4(sum[2], sum[3], 0xee));
    const __m512 fours = _mm512_add_ps(_mm512_shuffle_f32x4(first, second, 0x88),
                                       _mm512_shuffle_f32x4(first, second, 0xdd));
    const __m512 twos = _mm512_add_ps(fours, _mm512_permute_ps(fours, 0x4e));
    const __m512 ones = _mm512_add_ps(twos, _mm512_permute_ps(twos, 0xb1));
    _mm_storeu_ps(out, _mm512_castps512_ps128(_mm512_maskz_compress_ps(0x1111, ones)));
}

bool same_weights(const CellColumns* four) {
    return four[0].offset == four[1].offset && four[0].offset == four[2].offset && four[0].offset == four[3].offset;
}

void weigh_columns(const std::int32_t* sums, const CellColumns* cells, std::ptrdiff_t count, const float* weights,
                   float* out) {
    for (std::ptrdiff_t cell = 0; cell < count;) {
        if (cell + 4 <= count && same_weights(cells + cell)) {
            weigh_four(sums, cells + cell, weights + cells[cell].offset, out + cell);
            cell += 4;
        } else {
            weigh_one(sums + cells[cell].first, weights + cells[cell].offset, cells[cell].size, out + cell);
            ++cell;
        }
    }
}

}  // namespace

const HashLoops hash_loops_avx512 = {add_rows, put_in_order, weigh_columns, multiply, steps, luminance,
                                       add_row, mix_rows, mean_luminance};

}  // namespace takeback
