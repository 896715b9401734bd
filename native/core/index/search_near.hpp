// What a scan finds in one block of codes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace takeback {

constexpr std::size_t near_block = 512;

struct Near {
    std::size_t count;
    // Vectors are stored whole, and a row before it is known to count.
    std::uint16_t rows[near_block + 16];
    std::uint16_t distances[near_block + 16];
};

}  // namespace takeback
