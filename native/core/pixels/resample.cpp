#include "pixels/resample.hpp"

#include <algorithm>
#include <vector>

#include "pdq/loops.hpp"

namespace takeback {
namespace {

using Index = std::ptrdiff_t;

// What one sample is made of: `first_weight` of the first, `last_weight` of the last, `weight` of each between.
struct Taps {
    Index first;
    Index last;
    float first_weight;
    float weight;
    float last_weight;
};

// In units in which a sample of the picture is `size` long, and one of the answer `side`: more, so it begins in
// one sample and ends in another.
Taps area_taps(Index at, Index side, Index size) {
    const Index from = at * side;
    const Index to = from + side;
    const Index first = from / size;
    const Index last = (to - 1) / size;
    const auto share = [side](Index length) { return static_cast<float>(length) / static_cast<float>(side); };
    return {first, last, share((first + 1) * size - from), share(size), share(to - last * size)};
}

// The middles of samples lie at odd multiples of half a sample; outside the outermost there is nothing between.
Taps between_taps(Index at, Index side, Index size) {
    const Index middle = std::clamp<Index>((2 * at + 1) * side - size, 0, 2 * size * (side - 1));
    const Index first = middle / (2 * size);
    const float second = static_cast<float>(middle - first * 2 * size) / static_cast<float>(2 * size);
    return {first, std::min(first + 1, side - 1), 1.0F - second, 0.0F, second};
}

std::vector<Taps> taps_of(Index side, Index size) {
    std::vector<Taps> taps;
    taps.reserve(static_cast<std::size_t>(size));
    for (Index at = 0; at < size; ++at) {
        taps.push_back(size < side ? area_taps(at, side, size) : between_taps(at, side, size));
    }
    return taps;
}

// Rows weighed into one, all bytes of them.
class RowMean {
public:
    explicit RowMean(const Picture& picture)
        : picture_(picture),
          bytes_(picture.width * picture.channels),
          between_(static_cast<std::size_t>(bytes_)),
          mean_(static_cast<std::size_t>(bytes_)) {}

    const float* of(const Taps& taps) {
        const std::uint8_t* first = picture_.row(taps.first);
        const std::uint8_t* last = picture_.row(taps.last);
        std::fill(between_.begin(), between_.end(), std::uint16_t{0});
        for (Index y = taps.first + 1; y < taps.last; ++y) {
            loops.add_row(picture_.row(y), bytes_, between_.data());
        }
        loops.mix_rows(first, last, between_.data(), bytes_, {taps.first_weight, taps.last_weight, taps.weight},
                       mean_.data());
        return mean_.data();
    }

private:
    const HashLoops& loops = hash_loops();
    const Picture& picture_;
    Index bytes_;
    std::vector<std::uint16_t> between_;
    std::vector<float> mean_;
};

std::uint8_t rounded(float value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5F, 0.0F, 255.0F)); }

template <int channels>
std::uint8_t* weigh_columns(const float* row, const std::vector<Taps>& columns, std::uint8_t* out) {
    for (const Taps& taps : columns) {
        const float* first = row + taps.first * channels;
        const float* last = row + taps.last * channels;
        float between[channels] = {};
        for (const float* pixel = first + channels; pixel < last; pixel += channels) {
            for (int c = 0; c < channels; ++c) {
                between[c] += pixel[c];
            }
        }
        for (int c = 0; c < channels; ++c) {
            *out++ = rounded(taps.first_weight * first[c] + taps.weight * between[c] + taps.last_weight * last[c]);
        }
    }
    return out;
}

}  // namespace

void resample(const Picture& picture, Index height, Index width, std::uint8_t* out) {
    const std::vector<Taps> columns = taps_of(picture.width, width);
    RowMean mean(picture);
    for (const Taps& rows : taps_of(picture.height, height)) {
        const float* row = mean.of(rows);
        out = picture.channels == 3 ? weigh_columns<3>(row, columns, out) : weigh_columns<1>(row, columns, out);
    }
}

void resample_luminance(const Picture& picture, Index height, Index width, std::uint8_t* out) {
    if (picture.channels == 1) {
        resample(picture, height, width, out);
        return;
    }
    const std::vector<Taps> columns = taps_of(picture.width, width);
    std::vector<float> luminance(static_cast<std::size_t>(picture.width));
    RowMean mean(picture);
    for (const Taps& rows : taps_of(picture.height, height)) {
        const float* row = mean.of(rows);
        hash_loops().mean_luminance(row, picture.width, luminance.data());
        out = weigh_columns<1>(luminance.data(), columns, out);
    }
}

}  // namespace takeback
