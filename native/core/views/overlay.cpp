#include "overlay.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>

namespace takeback {
namespace {

using Mask = std::vector<std::uint8_t>;
using Colour = std::array<int, 3>;

// Pixels of the reduced picture, each way: one of so many is enough to see which colours there are.
constexpr Index sample_step = 3;

// Bits of each channel that a bin of colours has, and how many of the fullest bins are tried.
constexpr int bin_bits = 4;
constexpr std::size_t bins = std::size_t{1} << (3 * bin_bits);
constexpr int most_bins = 3;
constexpr float min_bin_share = 0.06F;

// Levels by which a pixel of the colour may differ from it, after JPEG; and their deviation inside, in each channel.
constexpr int same_colour = 14;
constexpr int refinements = 2;
constexpr double most_deviation = 5.5;

// Of the picture: with less drawn over it the picture's own fingerprint does, with more too little is left.
constexpr float min_cover = 0.12F;
constexpr float max_cover = 0.65F;

// Of the longer side: the radius from which it is too thick to say what lies below. A wall or a sky is. So much of
// it may be: a sky that was striped in nearly its own colour, a crossing of lines.
constexpr double max_radius = 0.035;
constexpr float max_thick = 0.08F;

// Of what is drawn over: so much lies inside, not on an edge. Texture is all edges.
constexpr float min_inside = 0.2F;

// The picture in cells, and in how many of them there must be some: it lies over all of it.
constexpr Index cells = 4;
constexpr float min_in_cell = 0.03F;
constexpr int min_cells = 12;

// Steps of successive over-relaxation, and by how much each goes too far.
constexpr int relaxations = 12;
constexpr float over = 1.7F;

Reduced sampled(const Reduced& small) {
    const auto some = [](Index side) { return (side + sample_step - 1) / sample_step; };
    Reduced sample{some(small.height), some(small.width), sample_step * small.x_step, sample_step * small.y_step, {}};
    for (std::size_t plane = 0; plane < 3; ++plane) {
        sample.planes[plane].resize(static_cast<std::size_t>(sample.height * sample.width));
        std::uint8_t* out = sample.planes[plane].data();
        for (Index y = 0; y < small.height; y += sample_step) {
            const std::uint8_t* in = small.row(plane, y);
            for (Index x = 0; x < small.width; x += sample_step) {
                *out++ = in[x];
            }
        }
    }
    return sample;
}

std::size_t bin_of(const Reduced& small, std::size_t at) {
    std::size_t bin = 0;
    for (const auto& plane : small.planes) {
        bin = bin << bin_bits | static_cast<std::size_t>(plane[at] >> (8 - bin_bits));
    }
    return bin;
}

// The fullest bins, fullest first.
std::vector<std::size_t> fullest(const Reduced& small) {
    std::vector<std::uint32_t> counts(bins);
    const std::size_t pixels = small.planes[0].size();
    for (std::size_t at = 0; at < pixels; ++at) {
        ++counts[bin_of(small, at)];
    }
    std::vector<std::size_t> full;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        if (static_cast<float>(counts[bin]) >= min_bin_share * static_cast<float>(pixels)) {
            full.push_back(bin);
        }
    }
    std::stable_sort(full.begin(), full.end(), [&](std::size_t a, std::size_t b) { return counts[a] > counts[b]; });
    full.resize(std::min<std::size_t>(full.size(), most_bins));
    return full;
}

// Not zero where every channel is within `same_colour` of the colour.
void mark(const Reduced& small, const Colour& colour, Mask& mask) {
    std::fill(mask.begin(), mask.end(), std::uint8_t{1});
    for (std::size_t channel = 0; channel < 3; ++channel) {
        const auto low = static_cast<std::uint8_t>(std::max(colour[channel] - same_colour, 0));
        const auto high = static_cast<std::uint8_t>(std::min(colour[channel] + same_colour, 255));
        const std::uint8_t* plane = small.planes[channel].data();
        for (std::size_t at = 0; at < mask.size(); ++at) {
            mask[at] &= static_cast<std::uint8_t>(plane[at] >= low) & static_cast<std::uint8_t>(plane[at] <= high);
        }
    }
}

std::size_t count_of(const Mask& mask) {
    std::uint32_t count = 0;
    for (const std::uint8_t each : mask) {
        count += each;
    }
    return count;
}

Colour mean_of(const Reduced& small, const Mask& mask) {
    const auto count = static_cast<std::uint32_t>(std::max<std::size_t>(count_of(mask), 1));
    Colour mean;
    for (std::size_t channel = 0; channel < 3; ++channel) {
        std::uint32_t sum = 0;
        for (std::size_t at = 0; at < mask.size(); ++at) {
            sum += mask[at] * small.planes[channel][at];
        }
        mean[channel] = static_cast<int>((2 * sum + count) / (2 * count));
    }
    return mean;
}

// The colour that most of a bin has, also where it lies on the bin's edge.
Colour colour_in(const Reduced& sample, std::size_t bin) {
    Mask mask(sample.planes[0].size());
    for (std::size_t at = 0; at < mask.size(); ++at) {
        mask[at] = bin_of(sample, at) == bin ? 1 : 0;
    }
    Colour colour = mean_of(sample, mask);
    for (int step = 0; step < refinements; ++step) {
        mark(sample, colour, mask);
        colour = mean_of(sample, mask);
    }
    return colour;
}

Mask of_the_colour(const Reduced& small, const Colour& colour) {
    Mask mask(small.planes[0].size());
    mark(small, colour, mask);
    return mask;
}

// Where all (or any) pixels within `radius` rows and columns are marked; outside the picture nothing is asked.
Mask within(const Reduced& small, const Mask& mask, Index radius, bool any) {
    Mask across(mask.size());
    Mask found(mask.size());
    const auto pass = [radius, any](const std::uint8_t* in, std::uint8_t* out, Index length, Index step) {
        Index sum = 0;
        Index end = 0;
        for (Index at = 0; at < length; ++at) {
            for (; end < std::min(at + radius + 1, length); ++end) {
                sum += in[end * step];
            }
            if (at > radius) {
                sum -= in[(at - radius - 1) * step];
            }
            out[at * step] = (any ? sum > 0 : sum == end - std::max<Index>(at - radius, 0)) ? 1 : 0;
        }
    };
    for (Index y = 0; y < small.height; ++y) {
        pass(mask.data() + y * small.width, across.data() + y * small.width, small.width, 1);
    }
    for (Index x = 0; x < small.width; ++x) {
        pass(across.data() + x, found.data() + x, small.height, small.width);
    }
    return found;
}

bool is_flat(const Reduced& small, const Mask& inside, std::size_t count) {
    for (const auto& plane : small.planes) {
        std::uint64_t sum = 0;
        std::uint64_t squares = 0;
        for (std::size_t at = 0; at < inside.size(); ++at) {
            const std::uint32_t value = inside[at] * plane[at];
            sum += value;
            squares += value * value;
        }
        const double mean = static_cast<double>(sum) / static_cast<double>(count);
        if (static_cast<double>(squares) / static_cast<double>(count) - mean * mean > most_deviation * most_deviation) {
            return false;
        }
    }
    return true;
}

bool is_everywhere(const Reduced& small, const Mask& mask) {
    std::array<Index, cells * cells> counts{};
    std::array<Index, cells * cells> sizes{};
    for (Index y = 0; y < small.height; ++y) {
        const std::uint8_t* row = mask.data() + y * small.width;
        for (Index column = 0; column < cells; ++column) {
            const Index first = column * small.width / cells;
            const Index end = (column + 1) * small.width / cells;
            const auto cell = static_cast<std::size_t>(y * cells / small.height * cells + column);
            counts[cell] += std::accumulate(row + first, row + end, Index{0});
            sizes[cell] += end - first;
        }
    }
    int in = 0;
    for (std::size_t cell = 0; cell < counts.size(); ++cell) {
        in += static_cast<float>(counts[cell]) > min_in_cell * static_cast<float>(sizes[cell]) ? 1 : 0;
    }
    return in >= min_cells;
}

bool is_spread(const Reduced& small, const Mask& mask) {
    const auto count = static_cast<float>(count_of(mask));
    const auto pixels = static_cast<float>(mask.size());
    return count >= min_cover * pixels && count <= max_cover * pixels && is_everywhere(small, mask);
}

bool is_thin_and_flat(const Reduced& small, const Mask& mask) {
    const auto count = static_cast<float>(count_of(mask));
    const auto longer = static_cast<double>(std::max(small.width, small.height));
    const auto radius = std::max<Index>(1, static_cast<Index>(std::lround(max_radius * longer)));
    if (static_cast<float>(count_of(within(small, mask, radius, false))) > max_thick * count) {
        return false;
    }
    const Mask inside = within(small, mask, 1, false);
    const std::size_t inner = count_of(inside);
    return static_cast<float>(inner) >= min_inside * count && is_flat(small, inside, inner);
}

// What lies along one line on either side of each gap, weighed by how near it is.
void add_along(const float* in, const std::uint8_t* gap, Index length, Index step, float* sums, float* weights) {
    const auto add = [&](Index at, Index from) {
        const float away = static_cast<float>(std::abs(at - from));
        sums[at * step] += in[from * step] / (away * away);
        weights[at * step] += 1 / (away * away);
    };
    std::optional<Index> last;
    for (Index at = 0; at < length; ++at) {
        if (!gap[at * step]) {
            last = at;
        } else if (last) {
            add(at, *last);
        }
    }
    last.reset();
    for (Index at = length - 1; at >= 0; --at) {
        if (!gap[at * step]) {
            last = at;
        } else if (last) {
            add(at, *last);
        }
    }
}

class Ground {
public:
    Ground(const Reduced& small, const std::vector<std::uint8_t>& plane, const Mask& gap)
        : small_(small), gap_(gap), values_(plane.begin(), plane.end()) {}

    void bridge() {
        std::vector<float> sums(values_.size());
        std::vector<float> weights(values_.size());
        for (Index y = 0; y < small_.height; ++y) {
            const Index at = y * small_.width;
            add_along(&values_[0] + at, &gap_[0] + at, small_.width, 1, &sums[0] + at, &weights[0] + at);
        }
        for (Index x = 0; x < small_.width; ++x) {
            add_along(&values_[0] + x, &gap_[0] + x, small_.height, small_.width, &sums[0] + x, &weights[0] + x);
        }
        for (std::size_t at = 0; at < values_.size(); ++at) {
            if (gap_[at] && weights[at] > 0) {
                values_[at] = sums[at] / weights[at];
            }
        }
    }

    void relax() {
        for (Index y = 0; y < small_.height; ++y) {
            for (Index x = 0; x < small_.width; ++x) {
                const Index at = y * small_.width + x;
                if (!gap_[static_cast<std::size_t>(at)]) {
                    continue;
                }
                float* here = &values_[0] + at;
                const float above = y > 0 ? here[-small_.width] : here[0];
                const float below = y + 1 < small_.height ? here[small_.width] : here[0];
                const float left = x > 0 ? here[-1] : here[0];
                const float right = x + 1 < small_.width ? here[1] : here[0];
                *here += over * ((above + below + left + right) / 4 - *here);
            }
        }
    }

    std::uint8_t rounded(std::size_t at) const {
        return static_cast<std::uint8_t>(std::clamp(values_[at] + 0.5F, 0.0F, 255.0F));
    }

private:
    const Reduced& small_;
    const Mask& gap_;
    std::vector<float> values_;
};

}  // namespace

std::vector<std::uint8_t> find_overlay(const Reduced& small) {
    const Reduced sample = sampled(small);
    for (const std::size_t bin : fullest(sample)) {
        const Colour colour = colour_in(sample, bin);
        if (!is_spread(sample, of_the_colour(sample, colour))) {
            continue;
        }
        const Mask mask = of_the_colour(small, colour);
        if (is_thin_and_flat(small, mask)) {
            // Its edge is mixed with what lies beside it.
            return within(small, mask, 1, true);
        }
    }
    return {};
}

std::vector<std::uint8_t> without_overlay(const Reduced& small, const std::vector<std::uint8_t>& overlay) {
    std::vector<std::uint8_t> picture(3 * overlay.size());
    for (std::size_t channel = 0; channel < 3; ++channel) {
        Ground ground(small, small.planes[channel], overlay);
        ground.bridge();
        for (int step = 0; step < relaxations; ++step) {
            ground.relax();
        }
        for (std::size_t at = 0; at < overlay.size(); ++at) {
            picture[3 * at + channel] = ground.rounded(at);
        }
    }
    return picture;
}

}  // namespace takeback
