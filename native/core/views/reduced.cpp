#include "reduced.hpp"

#include <algorithm>

namespace takeback {
namespace {

Index step_of(Index side) { return (side + reduced_side - 1) / reduced_side; }

// Of a block of rows: how many are read, and which; all, or some, evenly apart.
struct BlockRows {
    Index first;
    Index size;

    Index count() const { return std::min(size, rows_read); }
    Index at(Index number) const { return first + (2 * number + 1) * size / (2 * count()); }
};

// Sums of at most three rows fit 16 bits.
void add_row(const std::uint8_t* __restrict in, Index bytes, std::uint16_t* __restrict sums) {
    for (Index at = 0; at < bytes; ++at) {
        sums[at] = static_cast<std::uint16_t>(sums[at] + in[at]);
    }
}

// Means of blocks of columns; `out` one pointer for each channel.
template <int channels>
void average_columns(const std::uint16_t* sums, Index width, Index step, Index rows,
                     const std::array<std::uint8_t*, 3>& out, Index count) {
    const auto inverse_of = [rows](Index size) {
        const auto divisor = static_cast<std::uint64_t>(size * rows);
        return ((std::uint64_t{1} << 32) + divisor - 1) / divisor;
    };
    const Index last_size = width - (count - 1) * step;
    const std::uint64_t full = inverse_of(step);
    const std::uint64_t last = inverse_of(last_size);
    for (Index x = 0; x < count; ++x) {
        const Index first = x * step;
        const Index size = x + 1 < count ? step : last_size;
        const std::uint64_t inverse = x + 1 < count ? full : last;
        std::array<std::uint32_t, channels> totals{};
        const std::uint16_t* in = sums + first * channels;
        for (Index at = 0; at < size; ++at) {
            for (std::size_t channel = 0; channel < channels; ++channel) {
                totals[channel] += in[at * channels + static_cast<Index>(channel)];
            }
        }
        for (std::size_t plane = 0; plane < 3; ++plane) {
            out[plane][x] = static_cast<std::uint8_t>((totals[channels == 3 ? plane : 0] * inverse) >> 32);
        }
    }
}

}  // namespace

Reduced reduced(const Picture& picture) {
    Reduced small;
    small.x_step = step_of(picture.width);
    small.y_step = step_of(picture.height);
    small.width = (picture.width + small.x_step - 1) / small.x_step;
    small.height = (picture.height + small.y_step - 1) / small.y_step;
    for (auto& plane : small.planes) {
        plane.resize(static_cast<std::size_t>(small.width * small.height));
    }
    const Index row_bytes = picture.width * picture.channels;
    std::vector<std::uint16_t> sums(static_cast<std::size_t>(row_bytes));
    for (Index y = 0; y < small.height; ++y) {
        const Index first = y * small.y_step;
        const BlockRows rows{first, std::min(small.y_step, picture.height - first)};
        std::copy(picture.row(rows.at(0)), picture.row(rows.at(0)) + row_bytes, sums.begin());
        for (Index number = 1; number < rows.count(); ++number) {
            add_row(picture.row(rows.at(number)), row_bytes, sums.data());
        }
        std::array<std::uint8_t*, 3> out;
        for (std::size_t plane = 0; plane < 3; ++plane) {
            out[plane] = small.planes[plane].data() + y * small.width;
        }
        const auto average = picture.channels == 3 ? average_columns<3> : average_columns<1>;
        average(sums.data(), picture.width, small.x_step, rows.count(), out, small.width);
    }
    return small;
}

}  // namespace takeback
