// AVX-512 with the vector population counts (VPOPCNTDQ for codes, BITALG for halves).
#include <immintrin.h>

#include "search.hpp"
#include "search_near.hpp"

namespace takeback {
namespace {

int distance_of(const std::uint8_t* a, const std::uint8_t* b) {
    const __m256i apart = _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)),
                                           _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)));
    const __m256i ones = _mm256_popcnt_epi64(apart);
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(ones), _mm256_extracti128_si256(ones, 1));
    return static_cast<int>(_mm_cvtsi128_si64(half) + _mm_extract_epi64(half, 1));
}

// Ones of the words in which two codes differ from the query.
__m512i apart_of_two(const std::uint8_t* codes, __m512i query) {
    return _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_loadu_si512(codes), query));
}

// Eight distances from four vectors of two codes each.
__m512i sums_of_eight(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i ab = _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    const __m512i cd = _mm512_add_epi64(_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d));
    const __m512i sums = _mm512_add_epi64(_mm512_shuffle_i64x2(ab, cd, 0x88), _mm512_shuffle_i64x2(ab, cd, 0xdd));
    // Now a0 b0 a1 b1 c0 d0 c1 d1; the order of memory is a0 a1 b0 b1 c0 c1 d0 d1.
    return _mm512_permutexvar_epi64(_mm512_setr_epi64(0, 2, 1, 3, 4, 6, 5, 7), sums);
}

void near_in(const std::uint8_t* codes, std::size_t rows, const std::uint8_t* query, int radius, Near& near) {
    const __m512i wanted = _mm512_broadcast_i64x4(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(query)));
    const __m512i most = _mm512_set1_epi64(radius);
    std::size_t at = 0;
    for (; at + 8 <= rows; at += 8) {
        const std::uint8_t* first = codes + code_bytes * at;
        const __m512i sums = sums_of_eight(apart_of_two(first, wanted), apart_of_two(first + 64, wanted),
                                           apart_of_two(first + 128, wanted), apart_of_two(first + 192, wanted));
        __mmask8 close = _mm512_cmple_epi64_mask(sums, most);
        if (close == 0) {
            continue;
        }
        alignas(64) std::int64_t distances[8];
        _mm512_store_si512(distances, sums);
        for (unsigned left = close; left != 0; left &= left - 1) {
            const int lane = __builtin_ctz(left);
            near.rows[near.count] = static_cast<std::uint16_t>(at + static_cast<std::size_t>(lane));
            near.distances[near.count++] = static_cast<std::uint16_t>(distances[lane]);
        }
    }
    for (; at < rows; ++at) {
        const int distance = distance_of(query, codes + code_bytes * at);
        near.rows[near.count] = static_cast<std::uint16_t>(at);
        near.distances[near.count] = static_cast<std::uint16_t>(distance);
        near.count += distance <= radius ? 1 : 0;
    }
}

std::uint32_t pass(const std::uint16_t* halves, std::uint32_t first, std::uint32_t end, std::uint16_t wanted,
                   int limit, std::uint32_t* out) {
    const __m512i query = _mm512_set1_epi16(static_cast<short>(wanted));
    const __m512i most = _mm512_set1_epi16(static_cast<short>(limit));
    std::uint32_t count = 0;
    for (std::uint32_t at = first; at < end; at += 32) {
        const __m512i half = _mm512_loadu_si512(halves + at);
        const __m512i ones = _mm512_popcnt_epi16(_mm512_xor_si512(half, query));
        const std::uint32_t left = end - at;
        const __mmask32 here = left < 32 ? (1U << left) - 1U : ~0U;
        for (unsigned near = _mm512_mask_cmple_epu16_mask(here, ones, most); near != 0; near &= near - 1) {
            out[count++] = at + static_cast<std::uint32_t>(__builtin_ctz(near));
        }
    }
    return count;
}

#include "search.inl"

}  // namespace

extern const SearchLoops search_loops_avx512;
const SearchLoops search_loops_avx512 = {scan_level, visit_level};

}  // namespace takeback
