// Which buckets a query has to visit, so that no code within its radius can be missed.
//
// A code has 8 pairs of chunks. Were each pair to differ in radius / 8 + 1 bits or more, the code would differ
// in more than `radius`; so some pair differs in at most p = radius / 8 bits, and one half of that pair in at
// most p / 2. Filed under that half, the code lies in a bucket whose number differs from the query's in m <=
// p / 2 bits, and its other half differs from the query's in at most p - m. (Norouzi, Punjani, Fleet, "Fast
// Exact Search in Hamming Space with Multi-Index Hashing", 2014, is the idea; filing the other half beside
// the code's number, so that 99 of 100 candidates are refused without being touched, is what is added.)
//
// In a small segment the lowest `shift` bits of a chunk are dropped, so that fewer, fuller buckets are kept.
// What differs there is then not counted in m: more is visited, and still nothing missed.
#pragma once

#include <cstdint>

#include "codes.hpp"

namespace takeback {

// Two flipped bits reach radius 47, at 137 of 65,536 buckets for each chunk; a third would need 697.
constexpr int max_flips = 2;
constexpr int max_table_radius = 8 * (2 * max_flips + 2) - 1;
constexpr int max_shift = 10;
constexpr int max_visits = 1 + chunk_bits + chunk_bits * (chunk_bits - 1) / 2;

struct Plan {
    int flips;                     // bits of a bucket's number that may differ
    int limits[max_flips + 1];     // by how many of them do: how many bits of the other half may
    int visits;                    // buckets for each chunk
    std::uint16_t masks[max_visits];
    std::uint8_t flipped[max_visits];  // how many bits masks[i] has
};

// `radius` is at most max_table_radius, `shift` at most max_shift.
Plan plan_of(int radius, int shift);

}  // namespace takeback
