// The 256-bit codes that are searched, and the sixteen 16-bit chunks that they are filed under.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace takeback {

constexpr std::size_t code_bytes = 32;
constexpr int code_bits = 256;

constexpr int chunk_count = 16;
constexpr int chunk_bits = 16;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "codes and snapshots are read as little-endian");

static inline std::uint16_t chunk_of(const std::uint8_t* code, int chunk) {
    std::uint16_t value;
    std::memcpy(&value, code + 2 * chunk, sizeof value);
    return value;
}

// Chunks 2 j and 2 j + 1 are a pair; each is filed together with the other.
static inline int other_of_pair(int chunk) { return chunk ^ 1; }

}  // namespace takeback
