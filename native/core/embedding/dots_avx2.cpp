// AVX2: bytes widened to 16 bits, since its product of bytes saturates.
#include <immintrin.h>

#include "dots.hpp"

namespace takeback {
namespace {

constexpr std::size_t row_group = 4;

__m256i stored_at(const std::uint8_t* bytes) {
    return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

__m256i asked_at(const std::int8_t* bytes) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes)));
}

__m128i sums_of_four(const __m256i* sums) {
    const __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

// Four rows with `queries` queries, whose sums all stay in registers. The rows are read in the order of memory.
template <std::size_t queries>
void four_rows(const std::uint8_t* rows, const std::int8_t* query, std::size_t stride, std::int32_t* out) {
    __m256i sums[queries][row_group];
    for (std::size_t r = 0; r < row_group; ++r) {
        for (std::size_t q = 0; q < queries; ++q) {
            sums[q][r] = _mm256_setzero_si256();
        }
        for (std::size_t at = 0; at < embedding_values; at += 16) {
            const __m256i stored = stored_at(rows + r * embedding_values + at);
            for (std::size_t q = 0; q < queries; ++q) {
                const __m256i asked = asked_at(query + q * embedding_values + at);
                sums[q][r] = _mm256_add_epi32(sums[q][r], _mm256_madd_epi16(stored, asked));
            }
        }
    }
    for (std::size_t q = 0; q < queries; ++q) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + q * stride), sums_of_four(sums[q]));
    }
}

std::int32_t one(const std::uint8_t* row, const std::int8_t* query) {
    __m256i sums[row_group] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                               _mm256_setzero_si256()};
    for (std::size_t at = 0; at < embedding_values; at += 16) {
        sums[0] = _mm256_add_epi32(sums[0], _mm256_madd_epi16(stored_at(row + at), asked_at(query + at)));
    }
    return _mm_cvtsi128_si32(sums_of_four(sums));
}

}  // namespace

void dots_avx2(const std::uint8_t* rows, std::size_t count, const std::int8_t* queries, std::size_t query_count,
               std::int32_t* out) {
    std::size_t row = 0;
    for (; row + row_group <= count; row += row_group) {
        const std::uint8_t* first = rows + embedding_values * row;
        std::size_t query = 0;
        for (; query + 2 <= query_count; query += 2) {
            four_rows<2>(first, queries + embedding_values * query, count, out + query * count + row);
        }
        if (query < query_count) {
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
