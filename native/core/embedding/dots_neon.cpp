// NEON, which every 64-bit Arm processor has; its dot products not all have.
#include <arm_neon.h>

#include "dots.hpp"

namespace takeback {
namespace {

std::int32_t sum_of(const std::int8_t* query) {
    int32x4_t sum = vdupq_n_s32(0);
    for (std::size_t at = 0; at < embedding_values; at += 16) {
        sum = vpadalq_s16(sum, vpaddlq_s8(vld1q_s8(query + at)));
    }
    return vaddvq_s32(sum);
}

// The row is brought down to signed bytes, since NEON multiplies bytes of one kind.
std::int32_t signed_dot(const std::uint8_t* row, const std::int8_t* query) {
    const uint8x16_t lift = vdupq_n_u8(row_lift);
    int32x4_t even = vdupq_n_s32(0);
    int32x4_t odd = vdupq_n_s32(0);
    for (std::size_t at = 0; at < embedding_values; at += 16) {
        const int8x16_t stored = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(row + at), lift));
        const int8x16_t asked = vld1q_s8(query + at);
        even = vpadalq_s16(even, vmull_s8(vget_low_s8(stored), vget_low_s8(asked)));
        odd = vpadalq_s16(odd, vmull_s8(vget_high_s8(stored), vget_high_s8(asked)));
    }
    return vaddvq_s32(vaddq_s32(even, odd));
}

}  // namespace

void dots_neon(const std::uint8_t* rows, std::size_t count, const std::int8_t* queries, std::size_t query_count,
               std::int32_t* out) {
    std::int32_t lifts[query_group];
    for (std::size_t query = 0; query < query_count; ++query) {
        lifts[query] = row_lift * sum_of(queries + embedding_values * query);
    }
    for (std::size_t row = 0; row < count; ++row) {
        for (std::size_t query = 0; query < query_count; ++query) {
            const std::int32_t dot = signed_dot(rows + embedding_values * row, queries + embedding_values * query);
            out[query * count + row] = dot + lifts[query];
        }
    }
}

}  // namespace takeback
