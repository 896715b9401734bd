// Huffman codes of a JPEG file (ITU-T T.81, C and F.2.2.3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "jpeg/bits.hpp"

namespace takeback {

class HuffmanTable {
public:
    HuffmanTable() = default;
    // How many codes there are of 1 to 16 bits, and what they stand for. Throws DamagedJpeg for more than fit.
    HuffmanTable(const std::array<std::uint8_t, 16>& counts, const std::uint8_t* symbols, std::size_t size);

    bool is_set() const { return is_set_; }

    int read(BitReader& bits) const {
        const Short found = short_[bits.peek(short_bits)];
        if (found.length != 0) {
            bits.drop(found.length);
            return found.symbol;
        }
        return read_long(bits);
    }

private:
    static constexpr int short_bits = 10;

    struct Short {
        std::uint8_t symbol = 0;
        std::uint8_t length = 0;  // 0: a longer code, or none
    };

    int read_long(BitReader& bits) const;

    bool is_set_ = false;
    std::array<Short, 1 << short_bits> short_{};
    std::array<std::uint8_t, 256> symbols_{};
    std::array<std::int32_t, 17> end_{};     // the first code of each length that is none of it
    std::array<std::int32_t, 17> offset_{};  // from a code of that length to its symbol
};

}  // namespace takeback
