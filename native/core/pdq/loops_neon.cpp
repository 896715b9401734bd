#include <arm_neon.h>

#define LOOPS_VECTOR_BYTES 16
#include "loops_shared.hpp"

namespace takeback {
namespace {

constexpr std::ptrdiff_t step_bytes = 8;

// Four products fit 16 bits without sign, since no weight is above max_weight.
uint16x8_t weighted_rows(const uint8x8_t* bytes, const std::uint8_t* weights) {
    uint16x8_t sum = vmull_u8(bytes[0], vdup_n_u8(weights[0]));
    sum = vmlal_u8(sum, bytes[1], vdup_n_u8(weights[1]));
    sum = vmlal_u8(sum, bytes[2], vdup_n_u8(weights[2]));
    return vmlal_u8(sum, bytes[3], vdup_n_u8(weights[3]));
}

void add_eight(const uint8x8_t* bytes, std::ptrdiff_t at, const RowSums& band) {
    const uint16x8_t low = weighted_rows(bytes, band.weights);
    const uint16x8_t high = weighted_rows(bytes + 4, band.weights + 4);
    const uint32x4_t first = vaddl_u16(vget_low_u16(low), vget_low_u16(high));
    const uint32x4_t second = vaddl_u16(vget_high_u16(low), vget_high_u16(high));
    std::int32_t* sums = band.sums + at;
    const int32x4_t first_before = band.fresh ? vdupq_n_s32(0) : vld1q_s32(sums);
    const int32x4_t second_before = band.fresh ? vdupq_n_s32(0) : vld1q_s32(sums + 4);
    vst1q_s32(sums, vaddq_s32(first_before, vreinterpretq_s32_u32(first)));
    vst1q_s32(sums + 4, vaddq_s32(second_before, vreinterpretq_s32_u32(second)));
}

void add_rows(const std::uint8_t* const* rows, std::ptrdiff_t blocks, const RowSums* bands, std::ptrdiff_t count) {
    for (std::ptrdiff_t at = 0; at < blocks * block_bytes; at += step_bytes) {
        uint8x8_t bytes[rows_at_once];
        for (std::ptrdiff_t r = 0; r < rows_at_once; ++r) {
            bytes[r] = vld1_u8(rows[r] + at);
        }
        for (std::ptrdiff_t band = 0; band < count; ++band) {
            add_eight(bytes, at, bands[band]);
        }
    }
}

void put_in_order(std::int32_t*, std::ptrdiff_t) {}

float dot(const std::int32_t* sums, const float* weights, std::ptrdiff_t size) {
    float32x4_t partial[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    for (std::ptrdiff_t at = 0; at < size; at += partial_sums) {
        for (std::ptrdiff_t j = 0; j < 4; ++j) {
            const float32x4_t whole = vcvtq_f32_s32(vld1q_s32(sums + at + 4 * j));
            partial[j] = vaddq_f32(partial[j], vmulq_f32(whole, vld1q_f32(weights + at + 4 * j)));
        }
    }
    const float32x4_t four = vaddq_f32(vaddq_f32(partial[0], partial[2]), vaddq_f32(partial[1], partial[3]));
    const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

void weigh_columns(const std::int32_t* sums, const CellColumns* cells, std::ptrdiff_t count, const float* weights,
                   float* out) {
    for (std::ptrdiff_t cell = 0; cell < count; ++cell) {
        out[cell] = dot(sums + cells[cell].first, weights + cells[cell].offset, cells[cell].size);
    }
}

}  // namespace

const HashLoops hash_loops_neon = {add_rows, put_in_order, weigh_columns, multiply, steps, luminance,
                                       add_row, mix_rows, mean_luminance};

}  // namespace takeback
