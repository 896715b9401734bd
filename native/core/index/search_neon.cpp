// NEON, which every 64-bit Arm processor has.
#include <arm_neon.h>

#include "search.hpp"
#include "search_near.hpp"

namespace takeback {
namespace {

int distance_of(const std::uint8_t* a, const std::uint8_t* b) {
    const uint8x16_t low = vcntq_u8(veorq_u8(vld1q_u8(a), vld1q_u8(b)));
    const uint8x16_t high = vcntq_u8(veorq_u8(vld1q_u8(a + 16), vld1q_u8(b + 16)));
    return vaddlvq_u8(vaddq_u8(low, high));
}

void near_in(const std::uint8_t* codes, std::size_t rows, const std::uint8_t* query, int radius, Near& near) {
    for (std::size_t at = 0; at < rows; ++at) {
        const int distance = distance_of(query, codes + code_bytes * at);
        near.rows[near.count] = static_cast<std::uint16_t>(at);
        near.distances[near.count] = static_cast<std::uint16_t>(distance);
        near.count += distance <= radius ? 1 : 0;
    }
}

std::uint32_t pass(const std::uint16_t* halves, std::uint32_t first, std::uint32_t end, std::uint16_t wanted,
                   int limit, std::uint32_t* out) {
    const uint16x8_t query = vdupq_n_u16(wanted);
    const uint16x8_t most = vdupq_n_u16(static_cast<std::uint16_t>(limit));
    std::uint32_t count = 0;
    for (std::uint32_t at = first; at < end; at += 8) {
        const uint8x16_t apart = vreinterpretq_u8_u16(veorq_u16(vld1q_u16(halves + at), query));
        const uint16x8_t close = vcleq_u16(vpaddlq_u8(vcntq_u8(apart)), most);
        // One byte of a word for each half.
        std::uint64_t near = vget_lane_u64(vreinterpret_u64_u8(vmovn_u16(close)), 0);
        const std::uint32_t left = end - at;
        if (left < 8) {
            near &= (std::uint64_t{1} << (8 * left)) - 1U;
        }
        while (near != 0) {
            const int lane = __builtin_ctzll(near) / 8;
            out[count++] = at + static_cast<std::uint32_t>(lane);
            near &= ~(std::uint64_t{0xff} << (8 * lane));
        }
    }
    return count;
}

#include "search.inl"

}  // namespace

extern const SearchLoops search_loops_neon;
const SearchLoops search_loops_neon = {scan_level, visit_level};

}  // namespace takeback
