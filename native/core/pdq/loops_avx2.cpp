#include <immintrin.h>

#define LOOPS_VECTOR_BYTES 32
#include "loops_shared.hpp"

namespace takeback {
namespace {

constexpr std::ptrdiff_t half_block = block_bytes / 2;

// Four bytes of one column, from four rows, side by side; vector j holds, in each of its two lanes L, the
// columns 16 L + 4 j ... 16 L + 4 j + 3.
struct Quads {
    __m256i part[4];
};

__m256i load(const std::uint8_t* bytes) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes)); }

Quads interleave(__m256i a, __m256i b, __m256i c, __m256i d) {
    const __m256i ab_low = _mm256_unpacklo_epi8(a, b);
    const __m256i ab_high = _mm256_unpackhi_epi8(a, b);
    const __m256i cd_low = _mm256_unpacklo_epi8(c, d);
    const __m256i cd_high = _mm256_unpackhi_epi8(c, d);
    return {{_mm256_unpacklo_epi16(ab_low, cd_low), _mm256_unpackhi_epi16(ab_low, cd_low),
             _mm256_unpacklo_epi16(ab_high, cd_high), _mm256_unpackhi_epi16(ab_high, cd_high)}};
}

__m256i four_weights(const std::uint8_t* weights) {
    std::int32_t four;
    __builtin_memcpy(&four, weights, sizeof four);
    return _mm256_set1_epi32(four);
}

// Two products fit 16 bits with a sign, since no weight is above max_weight: nothing saturates.
__m256i weighted_rows(__m256i quads, __m256i weights) {
    return _mm256_madd_epi16(_mm256_maddubs_epi16(quads, weights), _mm256_set1_epi16(1));
}

void add_half_block(const Quads& low, const Quads& high, std::ptrdiff_t at, const RowSums& band) {
    const __m256i low_weights = four_weights(band.weights);
    const __m256i high_weights = four_weights(band.weights + 4);
    auto* sums = reinterpret_cast<__m256i*>(band.sums + at);
    for (int j = 0; j < 4; ++j) {
        const __m256i before = band.fresh ? _mm256_setzero_si256() : _mm256_load_si256(sums + j);
        const __m256i added = _mm256_add_epi32(weighted_rows(low.part[j], low_weights),
                                               weighted_rows(high.part[j], high_weights));
        _mm256_store_si256(sums + j, _mm256_add_epi32(before, added));
    }
}

void add_rows(const std::uint8_t* const* rows, std::ptrdiff_t blocks, const RowSums* bands, std::ptrdiff_t count) {
    const std::uint8_t* row[rows_at_once];
    for (std::ptrdiff_t r = 0; r < rows_at_once; ++r) {
        row[r] = rows[r];
    }
    for (std::ptrdiff_t at = 0; at < blocks * block_bytes; at += half_block) {
        const Quads low = interleave(load(row[0] + at), load(row[1] + at), load(row[2] + at), load(row[3] + at));
        const Quads high = interleave(load(row[4] + at), load(row[5] + at), load(row[6] + at), load(row[7] + at));
        for (std::ptrdiff_t band = 0; band < count; ++band) {
            add_half_block(low, high, at, bands[band]);
        }
    }
}

// Lanes of four columns: a0 a1, b0 b1, c0 c1, d0 d1 become a0 b0, c0 d0, a1 b1, c1 d1.
void put_in_order(std::int32_t* sums, std::ptrdiff_t blocks) {
    for (std::int32_t* half = sums; half < sums + blocks * block_bytes; half += half_block) {
        auto* at = reinterpret_cast<__m256i*>(half);
        const __m256i a = at[0];
        const __m256i b = at[1];
        const __m256i c = at[2];
        const __m256i d = at[3];
        at[0] = _mm256_permute2x128_si256(a, b, 0x20);
        at[1] = _mm256_permute2x128_si256(c, d, 0x20);
        at[2] = _mm256_permute2x128_si256(a, b, 0x31);
        at[3] = _mm256_permute2x128_si256(c, d, 0x31);
    }
}

__m256 as_floats(const std::int32_t* sums) {
    return _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(sums)));
}

__m256 eight_sums(const std::int32_t* sums, const float* weights, std::ptrdiff_t size) {
    __m256 low = _mm256_setzero_ps();
    __m256 high = _mm256_setzero_ps();
    for (std::ptrdiff_t at = 0; at < size; at += partial_sums) {
        low = _mm256_add_ps(low, _mm256_mul_ps(as_floats(sums + at), _mm256_loadu_ps(weights + at)));
        high = _mm256_add_ps(high, _mm256_mul_ps(as_floats(sums + at + 8), _mm256_loadu_ps(weights + at + 8)));
    }
    return _mm256_add_ps(low, high);
}

void weigh_columns(const std::int32_t* sums, const CellColumns* cells, std::ptrdiff_t count, const float* weights,
                   float* out) {
    for (std::ptrdiff_t cell = 0; cell < count; ++cell) {
        const CellColumns& columns = cells[cell];
        const __m256 eight = eight_sums(sums + columns.first, weights + columns.offset, columns.size);
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        out[cell] = _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
    }
}

}  // namespace

const HashLoops hash_loops_avx2 = {add_rows, put_in_order, weigh_columns, multiply, steps, luminance,
                                       add_row, mix_rows, mean_luminance};

}  // namespace takeback
