#include "reduced.hpp"

#include <algorithm>

namespace takeback {
namespace {

Index step_of(Index side) { return (side + reduced_side - 1) / reduced_side; }

// Which rows of the block that begins at `first` are read: all, or some, evenly.
std::vector<Index> rows_of(Index first, Index step, Index height) {
    const Index size = std::min(step, height - first);
    const Index count = std::min(size, rows_read);
    std::vector<Index> rows;
    for (Index n = 0; n < count; ++n) {
        rows.push_back(first + (2 * n + 1) * size / (2 * count));
    }
    return rows;
}

// Sums of at most three rows fit 16 bits.
void add_row(const std::uint8_t* in, Index bytes, std::uint16_t* sums) {
    for (Index at = 0; at < bytes; ++at) {
        sums[at] = static_cast<std::uint16_t>(sums[at] + in[at]);
    }
}

// Means of blocks of columns; `out` one pointer for each channel.
template <int channels>
void average_columns(const std::uint16_t* sums, Index width, Index step, Index rows,
                     const std::array<std::uint8_t*, 3>& out, Index count) {
    const auto mean = [](std::uint32_t sum, std::uint64_t inverse) {
        return static_cast<std::uint8_t>((sum * inverse) >> 32);
    };
    for (Index x = 0; x < count; ++x) {
        const Index first = x * step;
        const Index size = std::min(step, width - first);
        const auto divisor = static_cast<std::uint64_t>(size * rows);
        const std::uint64_t inverse = ((std::uint64_t{1} << 32) + divisor - 1) / divisor;
        std::array<std::uint32_t, channels> totals{};
        const std::uint16_t* in = sums + first * channels;
        for (Index at = 0; at < size; ++at) {
            for (std::size_t channel = 0; channel < channels; ++channel) {
                totals[channel] += in[at * channels + static_cast<Index>(channel)];
            }
        }
        for (std::size_t plane = 0; plane < 3; ++plane) {
            out[plane][x] = mean(totals[channels == 3 ? plane : 0], inverse);
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
        const std::vector<Index> rows = rows_of(y * small.y_step, small.y_step, picture.height);
        std::fill(sums.begin(), sums.end(), std::uint16_t{0});
        for (const Index row : rows) {
            add_row(picture.row(row), row_bytes, sums.data());
        }
        std::array<std::uint8_t*, 3> out;
        for (std::size_t plane = 0; plane < 3; ++plane) {
            out[plane] = small.planes[plane].data() + y * small.width;
        }
        const auto average = picture.channels == 3 ? average_columns<3> : average_columns<1>;
        average(sums.data(), picture.width, small.x_step, static_cast<Index>(rows.size()), out, small.width);
    }
    return small;
}

}  // namespace takeback
