// Plain C++: any processor, and what the other levels are held against.
#include "search.hpp"
#include "search_near.hpp"

namespace takeback {
namespace {

struct Words {
    std::uint64_t word[4];
};

Words load(const std::uint8_t* bytes) {
    Words out;
    std::memcpy(out.word, bytes, code_bytes);
    return out;
}

// Ones per nibble, at most 4 (Warren, "Hacker's Delight", 5-1).
std::uint64_t count_nibbles(std::uint64_t x) {
    x -= (x >> 1) & 0x5555555555555555U;
    return (x & 0x3333333333333333U) + ((x >> 2) & 0x3333333333333333U);
}

// Two such sums fit a nibble (8), four a byte (32): widen as late as possible.
std::uint64_t count_bytes(std::uint64_t x) {
    return (x & 0x0f0f0f0f0f0f0f0fU) + ((x >> 4) & 0x0f0f0f0f0f0f0f0fU);
}

// Plain arithmetic, no popcount instruction: the oldest x86-64 has none, and compilers make vectors of this.
int distance_of_words(const Words& a, const Words& b) {
    const std::uint64_t low = count_nibbles(a.word[0] ^ b.word[0]) + count_nibbles(a.word[1] ^ b.word[1]);
    const std::uint64_t high = count_nibbles(a.word[2] ^ b.word[2]) + count_nibbles(a.word[3] ^ b.word[3]);
    std::uint64_t sum = count_bytes(low) + count_bytes(high);
    // 256 does not fit a byte: four 16-bit sums are added.
    sum = (sum & 0x00ff00ff00ff00ffU) + ((sum >> 8) & 0x00ff00ff00ff00ffU);
    return static_cast<int>((sum * 0x0001000100010001U) >> 48);
}

int distance_of(const std::uint8_t* a, const std::uint8_t* b) { return distance_of_words(load(a), load(b)); }

void near_in(const std::uint8_t* codes, std::size_t rows, const std::uint8_t* query, int radius, Near& near) {
    // Distances first, without a branch; then the few that are near.
    std::int32_t distances[near_block];
    const Words wanted = load(query);
    for (std::size_t at = 0; at < rows; ++at) {
        distances[at] = distance_of_words(wanted, load(codes + code_bytes * at));
    }
    for (std::size_t at = 0; at < rows; ++at) {
        near.rows[near.count] = static_cast<std::uint16_t>(at);
        near.distances[near.count] = static_cast<std::uint16_t>(distances[at]);
        near.count += distances[at] <= radius ? 1 : 0;
    }
}

int ones_of_half(unsigned x) {
    x -= (x >> 1) & 0x5555U;
    x = (x & 0x3333U) + ((x >> 2) & 0x3333U);
    x = (x + (x >> 4)) & 0x0f0fU;
    return static_cast<int>((x + (x >> 8)) & 0x1fU);
}

std::uint32_t pass(const std::uint16_t* halves, std::uint32_t first, std::uint32_t end, std::uint16_t wanted,
                   int limit, std::uint32_t* out) {
    std::uint32_t count = 0;
    for (std::uint32_t at = first; at < end; ++at) {
        out[count] = at;
        count += ones_of_half(static_cast<unsigned>(halves[at] ^ wanted)) <= limit ? 1U : 0U;
    }
    return count;
}

#include "search.inl"

}  // namespace

extern const SearchLoops search_loops_portable;
const SearchLoops search_loops_portable = {scan_level, visit_level};

}  // namespace takeback
