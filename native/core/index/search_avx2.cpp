// AVX2 and the scalar population count.
#include <immintrin.h>

#include "search.hpp"
#include "search_near.hpp"

namespace takeback {
namespace {

std::uint64_t word_of(const std::uint8_t* code, int word) {
    std::uint64_t value;
    std::memcpy(&value, code + 8 * word, sizeof value);
    return value;
}

int distance_of(const std::uint8_t* a, const std::uint8_t* b) {
    return static_cast<int>(_mm_popcnt_u64(word_of(a, 0) ^ word_of(b, 0)) +
                            _mm_popcnt_u64(word_of(a, 1) ^ word_of(b, 1)) +
                            _mm_popcnt_u64(word_of(a, 2) ^ word_of(b, 2)) +
                            _mm_popcnt_u64(word_of(a, 3) ^ word_of(b, 3)));
}

void near_in(const std::uint8_t* codes, std::size_t rows, const std::uint8_t* query, int radius, Near& near) {
    for (std::size_t at = 0; at < rows; ++at) {
        const int distance = distance_of(query, codes + code_bytes * at);
        near.rows[near.count] = static_cast<std::uint16_t>(at);
        near.distances[near.count] = static_cast<std::uint16_t>(distance);
        near.count += distance <= radius ? 1 : 0;
    }
}

// Ones of each byte, by its two nibbles (Mula, "SSSE3: fast popcount").
__m256i ones_of_bytes(__m256i x) {
    const __m256i ones_of_nibble = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m256i nibble = _mm256_set1_epi8(15);
    const __m256i low = _mm256_shuffle_epi8(ones_of_nibble, _mm256_and_si256(x, nibble));
    const __m256i high = _mm256_shuffle_epi8(ones_of_nibble, _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
    return _mm256_add_epi8(low, high);
}

std::uint32_t pass(const std::uint16_t* halves, std::uint32_t first, std::uint32_t end, std::uint16_t wanted,
                   int limit, std::uint32_t* out) {
    const __m256i query = _mm256_set1_epi16(static_cast<short>(wanted));
    const __m256i most = _mm256_set1_epi16(static_cast<short>(limit));
    std::uint32_t count = 0;
    for (std::uint32_t at = first; at < end; at += 16) {
        const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(halves + at));
        const __m256i ones = _mm256_maddubs_epi16(ones_of_bytes(_mm256_xor_si256(half, query)), _mm256_set1_epi8(1));
        // Two equal bits for each half: every second is kept.
        unsigned far = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpgt_epi16(ones, most)));
        unsigned near = ~far & 0x55555555U;
        const std::uint32_t left = end - at;
        if (left < 16) {
            near &= (1U << (2 * left)) - 1U;
        }
        while (near != 0) {
            out[count++] = at + static_cast<std::uint32_t>(__builtin_ctz(near)) / 2;
            near &= near - 1;
        }
    }
    return count;
}

#include "search.inl"

}  // namespace

extern const SearchLoops search_loops_avx2;
const SearchLoops search_loops_avx2 = {scan_level, visit_level};

}  // namespace takeback
