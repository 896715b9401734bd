#include "plan.hpp"

namespace takeback {

Plan plan_of(int radius, int shift) {
    constexpr int pairs = chunk_count / 2;
    Plan plan{};
    // 1. The masks, by how many bits they flip.
    int count = 0;
    int visits_by_flips[max_flips + 1] = {};
    const auto note = [&](unsigned mask, int bits) {
        plan.masks[count] = static_cast<std::uint16_t>(mask);
        plan.flipped[count++] = static_cast<std::uint8_t>(bits);
    };
    note(0, 0);
    visits_by_flips[0] = count;
    for (int first = shift; first < chunk_bits; ++first) {
        note(1U << first, 1);
    }
    visits_by_flips[1] = count;
    for (int first = shift; first < chunk_bits; ++first) {
        for (int second = first + 1; second < chunk_bits; ++second) {
            note(1U << first | 1U << second, 2);
        }
    }
    visits_by_flips[2] = count;
    // 2. Each pair's share, and how far each of its halves is flipped.
    for (int chunk = 0; chunk < chunk_count; ++chunk) {
        const int pair = chunk / 2;
        Plan::Chunk& own = plan.chunks[chunk];
        own.share = pair <= radius % pairs ? radius / pairs : radius / pairs - 1;
        own.flips = own.share < 0 ? -1 : own.share / 2;
        if (own.share >= 0 && own.share % 2 == 0 && chunk % 2 == 1) {
            own.flips -= 1;
        }
        own.visits = own.flips < 0 ? 0 : visits_by_flips[own.flips];
        plan.visits += own.visits;
    }
    return plan;
}

}  // namespace takeback
