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

void weigh(const std::uint8_t* row, std::size_t length, float weight, float* sums) {
    for (std::size_t at = 0; at < length; ++at) {
        sums[at] += weight * static_cast<float>(row[at]);
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
    std::size_t weight = 0;
    for (std::size_t sample = 0; sample < down.firsts.size(); ++sample, out += 3 * square_side) {
        std::fill(sums.begin(), sums.end(), 0.0F);
        for (std::ptrdiff_t y = down.firsts[sample]; weight < down.ends[sample]; ++weight, ++y) {
            weigh(picture.row(y), sums.size(), down.weights[weight], sums.data());
        }
        if (picture.channels == 3) {
            across<3>(over, sums.data(), out);
        } else {
            across<1>(over, sums.data(), out);
        }
    }
}

}  // namespace takeback
