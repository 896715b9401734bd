#include <immintrin.h>

#define KERNEL_VECTOR_BYTES 64
#include "kernel_loops.hpp"

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

__m512d weighted(const std::int32_t* sums, const double* weights) {
    const __m256i whole = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums));
    return _mm512_mul_pd(_mm512_cvtepi32_pd(whole), _mm512_loadu_pd(weights));
}

double dot(const std::int32_t* sums, const double* weights, std::ptrdiff_t size) {
    __m512d low = _mm512_setzero_pd();
    __m512d high = _mm512_setzero_pd();
    for (std::ptrdiff_t at = 0; at < size; at += partial_sums) {
        low = _mm512_add_pd(low, weighted(sums + at, weights + at));
        high = _mm512_add_pd(high, weighted(sums + at + 8, weights + at + 8));
    }
    const __m512d eight = _mm512_add_pd(low, high);
    const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

void weigh_columns(const std::int32_t* sums, const CellColumns* cells, std::ptrdiff_t count, const double* weights,
                   double* out) {
    for (std::ptrdiff_t cell = 0; cell < count; ++cell) {
        out[cell] = dot(sums + cells[cell].first, weights + cells[cell].offset, cells[cell].size);
    }
}

}  // namespace

const Kernel avx512_kernel = {add_rows, put_in_order, weigh_columns, multiply, steps, luminance};

}  // namespace takeback
