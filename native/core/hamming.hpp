// Which of many 256-bit codes lie within a Hamming distance of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace takeback {

constexpr std::size_t code_bytes = 32;

struct Within {
    std::vector<std::int64_t> positions;  // ascending
    std::vector<std::int32_t> distances;
};

// Scans `count` codes of 32 bytes that lie one after another, at any alignment. Exact at every radius.
Within hamming_within(const std::uint8_t* query, const std::uint8_t* codes, std::size_t count, int radius);

}  // namespace takeback
