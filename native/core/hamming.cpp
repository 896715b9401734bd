#include "hamming.hpp"

#include <cstring>

namespace takeback {
namespace {

constexpr std::size_t words = code_bytes / sizeof(std::uint64_t);

struct Words {
    std::uint64_t word[words];
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
std::int32_t distance(const Words& a, const std::uint8_t* bytes) {
    const Words b = load(bytes);
    const std::uint64_t low = count_nibbles(a.word[0] ^ b.word[0]) + count_nibbles(a.word[1] ^ b.word[1]);
    const std::uint64_t high = count_nibbles(a.word[2] ^ b.word[2]) + count_nibbles(a.word[3] ^ b.word[3]);
    std::uint64_t sum = count_bytes(low) + count_bytes(high);
    // 256 does not fit a byte: four 16-bit sums are added.
    sum = (sum & 0x00ff00ff00ff00ffU) + ((sum >> 8) & 0x00ff00ff00ff00ffU);
    return static_cast<std::int32_t>((sum * 0x0001000100010001U) >> 48);
}

}  // namespace

Within hamming_within(const std::uint8_t* query, const std::uint8_t* codes, std::size_t count, int radius) {
    // Distances of a block first, without a branch; then the few that are near.
    constexpr std::size_t block = 512;
    std::int32_t distances[block];
    const Words wanted = load(query);
    Within found;
    for (std::size_t start = 0; start < count; start += block) {
        const std::size_t size = count - start < block ? count - start : block;
        const std::uint8_t* first = codes + start * code_bytes;
        for (std::size_t at = 0; at < size; ++at) {
            distances[at] = distance(wanted, first + at * code_bytes);
        }
        for (std::size_t at = 0; at < size; ++at) {
            if (distances[at] <= radius) {
                found.positions.push_back(static_cast<std::int64_t>(start + at));
                found.distances.push_back(distances[at]);
            }
        }
    }
    return found;
}

}  // namespace takeback
