// Which buckets a query has to visit, so that no code within its radius can be missed.
//
// A code has 8 pairs of chunks. Let the radius be 8 p + a, with a below 8. Were each of the first a + 1 pairs to
// differ in more than p bits and each of the others in more than p - 1, the code would differ in (a + 1)(p + 1)
// + (7 - a) p = radius + 1 bits or more. So some pair differs in at most its share s, p or p - 1 (Norouzi,
// Punjani, Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing", 2014, section 3).
//
// Of that pair, one half differs in m bits and the other in at most s - m, with m <= s / 2. Each half of a code
// is filed with the other, so visiting the buckets that are up to s / 2 flipped bits away shows the code, and
// its other half refuses all but one candidate in a hundred before it is touched. Where s is even, m = s / 2 in
// both halves at once is seen from the first, and the second needs to flip one bit less.
//
// In a small segment the lowest `shift` bits of a chunk are dropped, so that fewer, fuller buckets are kept.
// What differs there is then not counted in m: more is visited, and still nothing missed.
#pragma once

#include <cstdint>

#include "codes.hpp"

namespace takeback {

// Two flipped bits reach radius 47, at 137 buckets of 65,536 for each chunk; a third would need 697.
constexpr int max_flips = 2;
constexpr int max_table_radius = 8 * (2 * max_flips + 2) - 1;
constexpr int max_shift = 10;
constexpr int max_masks = 1 + chunk_bits + chunk_bits * (chunk_bits - 1) / 2;

struct Plan {
    // What one chunk's table is asked.
    struct Chunk {
        int share;   // bits in which the pair may differ
        int flips;   // bits of a bucket's number that may be flipped; below 0: no bucket is visited
        int visits;  // how many of `masks`
    };

    Chunk chunks[chunk_count];
    int visits;  // in all chunks together
    // Every way to flip no bit, then one, then two.
    std::uint16_t masks[max_masks];
    std::uint8_t flipped[max_masks];
};

// `radius` is at most max_table_radius, `shift` at most max_shift.
Plan plan_of(int radius, int shift);

}  // namespace takeback
