#include "jpeg/huffman.hpp"

#include <algorithm>

#include "jpeg/coefficients.hpp"

namespace takeback {

HuffmanTable::HuffmanTable(const std::array<std::uint8_t, 16>& counts, const std::uint8_t* symbols, std::size_t size)
    : is_set_(true) {
    std::copy_n(symbols, size, symbols_.begin());
    std::int32_t code = 0;
    std::int32_t at = 0;
    for (int length = 1; length <= 16; ++length) {
        const std::int32_t count = counts[static_cast<std::size_t>(length - 1)];
        if (code + count > (1 << length)) {
            throw DamagedJpeg("a Huffman table has more codes than there are");
        }
        offset_[static_cast<std::size_t>(length)] = at - code;
        for (std::int32_t each = 0; length <= short_bits && each < count; ++each) {
            const Short found{symbols_[static_cast<std::size_t>(at + each)], static_cast<std::uint8_t>(length)};
            const int free = short_bits - length;
            std::fill_n(short_.begin() + ((code + each) << free), 1 << free, found);
        }
        code += count;
        at += count;
        end_[static_cast<std::size_t>(length)] = code;
        code <<= 1;
    }
}

int HuffmanTable::read_long(BitReader& bits) const {
    const auto peeked = static_cast<std::int32_t>(bits.peek(16));
    for (std::size_t length = short_bits + 1; length <= 16; ++length) {
        const std::int32_t code = peeked >> (16 - length);
        if (code < end_[length]) {
            bits.drop(static_cast<int>(length));
            return symbols_[static_cast<std::size_t>(code + offset_[length])];
        }
    }
    throw DamagedJpeg("there is no such Huffman code");
}

}  // namespace takeback
