// AVX-512 with VNNI: 64 products of bytes, summed in fours, in one instruction.
#include <immintrin.h>

#include "dots.hpp"

namespace takeback {
namespace {

constexpr std::size_t row_group = 4;

// The sum of each of four vectors of sixteen sums.
__m128i sums_of_four(const __m512i* sums) {
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[0], sums[1]),
                                        _mm512_unpackhi_epi32(sums[0], sums[1]));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(sums[2], sums[3]),
                                        _mm512_unpackhi_epi32(sums[2], sums[3]));
    const __m512i all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    const __m256i half = _mm256_add_epi32(_mm512_castsi512_si256(all), _mm512_extracti64x4_epi64(all, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(half), _mm256_extracti128_si256(half, 1));
}

// Four rows with `queries` queries, whose sums all stay in registers. The rows are read in the order of memory.
template <std::size_t queries>
void four_rows(const std::uint8_t* rows, const std::int8_t* query, std::size_t stride, std::int32_t* out) {
    __m512i sums[queries][row_group];
    for (std::size_t r = 0; r < row_group; ++r) {
        for (std::size_t q = 0; q < queries; ++q) {
            sums[q][r] = _mm512_setzero_si512();
        }
        for (std::size_t at = 0; at < embedding_values; at += 64) {
            const __m512i stored = _mm512_loadu_si512(rows + r * embedding_values + at);
            for (std::size_t q = 0; q < queries; ++q) {
                const __m512i asked = _mm512_loadu_si512(query + q * embedding_values + at);
                sums[q][r] = _mm512_dpbusd_epi32(sums[q][r], stored, asked);
            }
        }
    }
    for (std::size_t q = 0; q < queries; ++q) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + q * stride), sums_of_four(sums[q]));
    }
}

std::int32_t one(const std::uint8_t* row, const std::int8_t* query) {
    __m512i sums[row_group] = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                               _mm512_setzero_si512()};
    for (std::size_t at = 0; at < embedding_values; at += 64) {
        sums[0] = _mm512_dpbusd_epi32(sums[0], _mm512_loadu_si512(row + at), _mm512_loadu_si512(query + at));
    }
    return _mm_cvtsi128_si32(sums_of_four(sums));
}

}  // namespace

void dots_avx512(const std::uint8_t* rows, std::size_t count, const std::int8_t* queries, std::size_t query_count,
                 std::int32_t* out) {
    std::size_t row = 0;
    for (; row + row_group <= count; row += row_group) {
        const std::uint8_t* first = rows + embedding_values * row;
        if (query_count == query_group) {
            four_rows<query_group>(first, queries, count, out + row);
            continue;
        }
        for (std::size_t query = 0; query < query_count; ++query) {
            four_rows<1>(first, queries + embedding_values * query, count, out + query * count + row);
        }
    }
    for (; row < count; ++row) {
        for (std::size_t query = 0; query < query_count; ++query) {
            out[query * count + row] = one(rows + embedding_values * row, queries + embedding_values * query);
        }
    }
}

}  // namespace takeback
