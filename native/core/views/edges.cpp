#include "edges.hpp"

#include <algorithm>
#include <cstdlib>

namespace takeback {
namespace {

using Bytes = std::vector<std::uint8_t>;

// Levels of 255: fainter steps are the compression's own.
constexpr int faintest_step = 6;

// Levels: between pixels of a plain ground, as JPEG leaves it.
constexpr int plainest = 2;

// Of a line's length: what of it has to be mostly steps.
constexpr Index stretch_share = 5;
constexpr Index shortest_stretch = 8;
constexpr float steps_in_stretch = 0.5F;

// Lines closer than this are one line.
constexpr Index apart_lines = 2;

std::uint8_t apart(std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(std::max(a, b) - std::min(a, b)); }

// Rows of marks or strengths, with empty ones before and after, so that every line has neighbours.
class Sheet {
public:
    static constexpr Index empty = 2;

    Sheet(Index rows, Index width) : width_(width), bytes_(static_cast<std::size_t>((rows + 2 * empty) * width)) {}

    std::uint8_t* row(Index number) { return bytes_.data() + (number + empty) * width_; }
    const std::uint8_t* row(Index number) const { return bytes_.data() + (number + empty) * width_; }

private:
    Index width_;
    Bytes bytes_;
};

// The largest difference of a channel across each line.
Sheet strengths_of(const Reduced& small) {
    Sheet strengths(small.height + 1, small.width);
    for (Index line = 1; line < small.height; ++line) {
        std::uint8_t* __restrict out = strengths.row(line);
        for (std::size_t plane = 0; plane < small.planes.size(); ++plane) {
            const std::uint8_t* __restrict above = small.row(plane, line - 1);
            const std::uint8_t* __restrict below = small.row(plane, line);
            for (Index x = 0; x < small.width; ++x) {
                out[x] = std::max(out[x], apart(above[x], below[x]));
            }
        }
    }
    return strengths;
}

// A step is no fainter than the lines beside it, and by a fifth stronger than one of those beyond: the edge of a
// picture may have another edge close by (a bubble's, a shadow's), but only on one side. In bytes alone, and with
// places that do not overlap, so that the compiler makes vectors of it.
void mark_steps(const Sheet& strengths, Index line, Index width, std::uint8_t* __restrict out) {
    const std::uint8_t* __restrict here = strengths.row(line);
    const std::uint8_t* __restrict above = strengths.row(line - 1);
    const std::uint8_t* __restrict below = strengths.row(line + 1);
    const std::uint8_t* __restrict above2 = strengths.row(line - 2);
    const std::uint8_t* __restrict below2 = strengths.row(line + 2);
    for (Index x = 0; x < width; ++x) {
        const std::uint8_t near = std::max(above[x], below[x]);
        const std::uint8_t far = std::min(above2[x], below2[x]);
        const auto enough = static_cast<std::uint8_t>(here[x] - here[x] / 8 - here[x] / 16);
        out[x] = static_cast<std::uint8_t>((here[x] >= near) & (here[x] > faintest_step) & (enough >= far));
    }
}

// Marks of a line and of those beside it: an edge inside a block of pixels shows on either side of it.
void tally_steps(const Sheet& marks, Index line, Index width, std::uint8_t* __restrict near, std::int16_t* sums) {
    const std::uint8_t* __restrict here = marks.row(line);
    const std::uint8_t* __restrict above = marks.row(line - 1);
    const std::uint8_t* __restrict below = marks.row(line + 1);
    for (Index x = 0; x < width; ++x) {
        near[x] = above[x] | here[x] | below[x];
    }
    int sum = 0;
    for (Index x = 0; x < width; ++x) {
        sum += near[x];
        sums[x + 1] = static_cast<std::int16_t>(sum);
    }
}

void tally_plain(const Sheet& strengths, Index line, Index width, std::int16_t* sums) {
    const std::uint8_t* strength = strengths.row(line);
    int sum = 0;
    for (Index x = 0; x < width; ++x) {
        sum += strength[x] <= plainest;
        sums[x + 1] = static_cast<std::int16_t>(sum);
    }
}

struct Stretch {
    float strength;
    Index line;
};

// The share of steps in a line's best stretch, and half of that in all of it.
Stretch best_stretch(const Lines& lines, Index line) {
    const Index length = lines.steps.length();
    const Index window = std::min(length, std::max(shortest_stretch, length / stretch_share));
    const std::int16_t* sums = lines.steps.line(line);
    std::int16_t most = 0;
    for (Index at = 0; at + window <= length; ++at) {
        most = std::max(most, static_cast<std::int16_t>(sums[at + window] - sums[at]));
    }
    const float share = static_cast<float>(most) / static_cast<float>(window);
    const float whole = static_cast<float>(sums[length]) / static_cast<float>(length);
    return {share < steps_in_stretch ? 0.0F : share + 0.5F * whole, line};
}

}  // namespace

Tally::Tally(Index lines, Index length)
    : length_(length), sums_(static_cast<std::size_t>(lines * (length + 1)), std::int16_t{0}) {}

Lines lines_between_rows(const Reduced& small) {
    const Index width = small.width;
    const Sheet strengths = strengths_of(small);
    Sheet marks(small.height + 1, width);
    for (Index line = 1; line < small.height; ++line) {
        mark_steps(strengths, line, width, marks.row(line));
    }
    Lines found{small.height, Tally(small.height + 1, width), Tally(small.height + 1, width)};
    Bytes near(static_cast<std::size_t>(width));
    for (Index line = 1; line < small.height; ++line) {
        tally_steps(marks, line, width, near.data(), found.steps.line(line));
        tally_plain(strengths, line, width, found.plain.line(line));
    }
    return found;
}

Reduced transposed(const Reduced& small) {
    Reduced turned{small.width, small.height, small.y_step, small.x_step, {}};
    for (std::size_t plane = 0; plane < small.planes.size(); ++plane) {
        turned.planes[plane].resize(small.planes[plane].size());
        for (Index x = 0; x < small.width; ++x) {
            std::uint8_t* out = turned.planes[plane].data() + x * small.height;
            const std::uint8_t* in = small.planes[plane].data() + x;
            for (Index y = 0; y < small.height; ++y) {
                out[y] = in[y * small.width];
            }
        }
    }
    return turned;
}

std::vector<Index> strongest(const Lines& lines, Index most) {
    std::vector<Stretch> all;
    for (Index line = 1; line < lines.count; ++line) {
        const Stretch stretch = best_stretch(lines, line);
        if (stretch.strength > 0) {
            all.push_back(stretch);
        }
    }
    std::stable_sort(all.begin(), all.end(), [](const Stretch& a, const Stretch& b) { return a.strength > b.strength; });
    std::vector<Index> kept;
    for (const Stretch& each : all) {
        const auto close = [&each](Index line) { return std::abs(line - each.line) < apart_lines; };
        if (std::none_of(kept.begin(), kept.end(), close)) {
            kept.push_back(each.line);
        }
        if (static_cast<Index>(kept.size()) == most) {
            break;
        }
    }
    std::sort(kept.begin(), kept.end());
    return kept;
}

}  // namespace takeback
