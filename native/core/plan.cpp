#include "plan.hpp"

namespace takeback {

Plan plan_of(int radius, int shift) {
    const int pair_bits = radius / (chunk_count / 2);
    Plan plan{};
    plan.flips = pair_bits / 2;
    for (int m = 0; m <= plan.flips; ++m) {
        plan.limits[m] = pair_bits - m;
    }
    const auto visit = [&plan](unsigned mask, int bits) {
        plan.masks[plan.visits] = static_cast<std::uint16_t>(mask);
        plan.flipped[plan.visits++] = static_cast<std::uint8_t>(bits);
    };
    visit(0, 0);
    for (int first = shift; first < chunk_bits && plan.flips >= 1; ++first) {
        visit(1U << first, 1);
    }
    for (int first = shift; first < chunk_bits && plan.flips >= 2; ++first) {
        for (int second = first + 1; second < chunk_bits; ++second) {
            visit(1U << first | 1U << second, 2);
        }
    }
    return plan;
}

}  // namespace takeback
