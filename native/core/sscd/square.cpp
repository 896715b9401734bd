#include "square.hpp"

#include <algorithm>
#include <vector>

namespace takeback {
namespace {

// Sample i is the sum of weights[k] * pixel[firsts[i] + k], k from 0 to ends[i] - ends[i - 1]; weights lie in a row.
struct Axis {
    std::vector<std::ptrdiff_t> firsts;
    std::vector<std::size_t> ends;
    std::vector<float> weights;

    void add(std::ptrdiff_t first) { firsts.push_back(first); }
    void close() { ends.push_back(weights.size()); }
};

// Pixel p covers 288 p .. 288 (p + 1), sample i covers size * i .. size * (i + 1): whole numbers, so no rounding.
Axis shrinking(std::ptrdiff_t size) {
    Axis axis;
    for (std::ptrdiff_t sample = 0; sample < square_side; ++sample) {
        const std::ptrdiff_t begin = sample * size;
        const std::ptrdiff_t end = begin + size;
        axis.add(begin / square_side);
        for (std::ptrdiff_t pixel = begin / square_side; pixel * square_side < end; ++pixel) {
            const std::ptrdiff_t covered =
                std::min(end, (pixel + 1) * square_side) - std::max(begin, pixel * square_side);
            axis.weights.push_back(static_cast<float>(covered) / static_cast<float>(size));
        }
        axis.close();
    }
    return axis;
}

Axis growing(std::ptrdiff_t size) {
    Axis axis;
    for (std::ptrdiff_t sample = 0; sample < square_side; ++sample) {
        // The middle of the sample, in parts of 1 / (2 * 288) of a pixel from the middle of the first.
        const std::ptrdiff_t last = (size - 1) * 2 * square_side;
        const std::ptrdiff_t middle = std::clamp<std::ptrdiff_t>((2 * sample + 1) * size - square_side, 0, last);
        const std::ptrdiff_t beyond = middle % (2 * square_side);
        axis.add(middle / (2 * square_side));
        axis.weights.push_back(1.0F - static_cast<float>(beyond) / static_cast<float>(2 * square_side));
        if (beyond > 0) {
            axis.weights.push_back(static_cast<float>(beyond) / static_cast<float>(2 * square_side));
        }
        axis.close();
    }
    return axis;
}

Axis axis_of(std::ptrdiff_t size) { return size < square_side ? growing(size) : shrinking(size); }

// Adds weight * (the sum of `count` rows from y on): whole numbers first, which is quicker and rounds once.
template <int count>
void weigh(const Picture& picture, std::ptrdiff_t y, float weight, std::vector<float>& sums) {
    const std::uint8_t* rows[count];
    for (int each = 0; each < count; ++each) {
        rows[each] = picture.row(y + each);
    }
    float* sum = sums.data();
    for (std::size_t at = 0; at < sums.size(); ++at) {
        std::uint16_t total = 0;
        for (int each = 0; each < count; ++each) {
            total = static_cast<std::uint16_t>(total + rows[each][at]);
        }
        sum[at] += weight * static_cast<float>(total);
    }
}

// Adds the rows from y on, each by its weight; those inside a sample all have the same.
void down_to_one(const Picture& picture, std::ptrdiff_t y, const float* weight, const float* end,
                 std::vector<float>& sums) {
    while (weight < end) {
        const auto equal = [&](int count) {
            return end - weight >= count && std::all_of(weight, weight + count, [&](float w) { return w == *weight; });
        };
        const int count = equal(4) ? 4 : equal(3) ? 3 : equal(2) ? 2 : 1;
        switch (count) {
            case 4: weigh<4>(picture, y, *weight, sums); break;
            case 3: weigh<3>(picture, y, *weight, sums); break;
            case 2: weigh<2>(picture, y, *weight, sums); break;
            default: weigh<1>(picture, y, *weight, sums);
        }
        y += count;
        weight += count;
    }
}

template <int channels>
void across(const Axis& axis, const float* sums, std::uint8_t* out) {
    std::size_t weight = 0;
    for (std::size_t sample = 0; sample < axis.firsts.size(); ++sample) {
        const float* pixel = sums + axis.firsts[sample] * channels;
        float total[channels] = {};
        for (; weight < axis.ends[sample]; ++weight, pixel += channels) {
            for (int channel = 0; channel < channels; ++channel) {
                total[channel] += axis.weights[weight] * pixel[channel];
            }
        }
        for (int channel = 0; channel < 3; ++channel) {
            const float mean = total[channels == 3 ? channel : 0] + 0.5F;
            *out++ = static_cast<std::uint8_t>(std::min(mean, 255.0F));
        }
    }
}

}  // namespace

void square(const Picture& picture, std::uint8_t* out) {
    const Axis down = axis_of(picture.height);
    const Axis over = axis_of(picture.width);
    std::vector<float> sums(static_cast<std::size_t>(picture.width * picture.channels));
    const float* weight = down.weights.data();
    for (std::size_t sample = 0; sample < down.firsts.size(); ++sample, out += 3 * square_side) {
        const float* end = down.weights.data() + down.ends[sample];
        std::fill(sums.begin(), sums.end(), 0.0F);
        down_to_one(picture, down.firsts[sample], weight, end, sums);
        weight = end;
        if (picture.channels == 3) {
            across<3>(over, sums.data(), out);
        } else {
            across<1>(over, sums.data(), out);
        }
    }
}

}  // namespace takeback
