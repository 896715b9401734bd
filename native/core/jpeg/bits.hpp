// The bits between two markers of a JPEG file, without the bytes that are stuffed in (ITU-T T.81, F.1.2.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace takeback {

class BitReader {
public:
    BitReader(const std::uint8_t* at, const std::uint8_t* end) : at_(at), end_(end) {}

    // At least 32 bits can be peeked at or read after it.
    void fill() {
        if (held_ > 32) {
            return;
        }
        if (end_ - at_ >= 4 && !has_ff(at_)) {
            std::uint32_t four = (std::uint32_t{at_[0]} << 24) | (std::uint32_t{at_[1]} << 16) |
                                 (std::uint32_t{at_[2]} << 8) | std::uint32_t{at_[3]};
            bits_ |= std::uint64_t{four} << (32 - held_);
            held_ += 32;
            at_ += 4;
            return;
        }
        fill_slowly();
    }

    std::uint32_t peek(int count) const { return static_cast<std::uint32_t>(bits_ >> (64 - count)); }

    void drop(int count) {
        bits_ <<= count;
        held_ -= count;
    }

    // 0 to 16 bits.
    int read(int count) {
        if (count == 0) {
            return 0;
        }
        const auto value = static_cast<int>(peek(count));
        drop(count);
        return value;
    }

    // A number of that many bits, of which the first says its sign (F.2.2.1).
    int read_signed(int count) {
        const int value = read(count);
        return count > 0 && value < (1 << (count - 1)) ? value - (1 << count) + 1 : value;
    }

    // Whether more was read than there is: what was read since is nothing.
    bool is_past_end() const { return held_ < made_up_; }

    // Where the next marker stands, the bits before it read or not.
    const std::uint8_t* marker() const {
        const std::uint8_t* at = at_;
        while (end_ - at >= 2 && (at[0] != 0xff || at[1] == 0x00 || at[1] == 0xff)) {
            ++at;
        }
        return end_ - at >= 2 ? at : end_;
    }

    void restart(const std::uint8_t* at) {
        at_ = at;
        bits_ = 0;
        held_ = 0;
        made_up_ = 0;
    }

private:
    static bool has_ff(const std::uint8_t* at) {
        std::uint32_t four;
        std::memcpy(&four, at, 4);
        const std::uint32_t inverse = ~four;
        return ((inverse - 0x01010101U) & ~inverse & 0x80808080U) != 0;
    }

    bool is_marker() const { return end_ - at_ < 2 || at_[1] != 0x00; }

    void fill_slowly() {
        while (held_ <= 56) {
            if (at_ == end_ || (*at_ == 0xff && is_marker())) {
                // Zeros, so that what looks ahead may; whoever reads them is told by is_past_end.
                const int missing = 64 - held_;
                held_ += missing;
                made_up_ += missing;
                return;
            }
            bits_ |= std::uint64_t{*at_} << (56 - held_);
            held_ += 8;
            at_ += *at_ == 0xff ? 2 : 1;
        }
    }

    const std::uint8_t* at_;
    const std::uint8_t* end_;
    std::uint64_t bits_ = 0;
    int held_ = 0;
    int made_up_ = 0;
};

}  // namespace takeback
