#include "bands.hpp"

#include <algorithm>
#include <array>

namespace takeback {
namespace {

constexpr std::array<double, 3> luma_weights = {0.299, 0.587, 0.114};

// First and last sample, both included.
struct Span {
    Index first;
    Index last;

    Index size() const { return last - first + 1; }
};

// What the box around `centre` covers; it shrinks at the borders.
Span box_around(Index centre, Index side) {
    const Index window = window_size(side);
    const Index half = half_window(window);
    return {std::max<Index>(centre - (window - half), 0), std::min(centre + half - 1, side - 1)};
}

// Of one cell: its outer box, and all that the inner boxes around the samples of that cover.
struct Cell {
    Span outer;
    Span covered;

    // No border clips one of its boxes: its weights are those of any other such cell.
    bool whole(Index side) const { return covered.size() == 2 * window_size(side) - 1; }
};

Cell cell_of(Index number, Index side) {
    const Span outer = box_around(centre_of(number, side), side);
    return {outer, {box_around(outer.first, side).first, box_around(outer.last, side).last}};
}

// How many inner boxes of one size cover each sample; each of them weighs 1 / divisor.
struct Counts {
    Index inner_size;
    double divisor;
    std::vector<Index> of_sample;
};

// One for each size of inner box: one, but in a cell at a border, which has two or three.
std::vector<Counts> counts_of(const Cell& cell, Index side) {
    std::vector<Counts> found;
    const auto samples = static_cast<std::size_t>(cell.covered.size());
    for (Index middle = cell.outer.first; middle <= cell.outer.last; ++middle) {
        const Span inner = box_around(middle, side);
        auto counts = std::find_if(found.begin(), found.end(),
                                   [&](const Counts& each) { return each.inner_size == inner.size(); });
        if (counts == found.end()) {
            const double divisor = static_cast<double>(cell.outer.size()) * static_cast<double>(inner.size());
            found.push_back({inner.size(), divisor, std::vector<Index>(samples + 1, 0)});
            counts = found.end() - 1;
        }
        // Where the count changes; summed up below.
        ++counts->of_sample[static_cast<std::size_t>(inner.first - cell.covered.first)];
        --counts->of_sample[static_cast<std::size_t>(inner.last + 1 - cell.covered.first)];
    }
    for (Counts& counts : found) {
        for (std::size_t at = 1; at < samples; ++at) {
            counts.of_sample[at] += counts.of_sample[at - 1];
        }
        counts.of_sample.pop_back();
    }
    return found;
}

// Counts as digits to the base max_weight, in bands so short that 255 times the sum of one fits 32 bits.
void append_bands(RowBands& out, Index cell, Index first, Counts counts) {
    constexpr Index longest = 1 << 12;
    const auto size = static_cast<Index>(counts.of_sample.size());
    double scale = 1.0 / counts.divisor;
    for (bool more = true; more; scale *= max_weight) {
        more = *std::max_element(counts.of_sample.begin(), counts.of_sample.end()) > max_weight;
        for (Index from = 0; from < size; from += longest) {
            const std::size_t offset = out.counts.size() + static_cast<std::size_t>(from);
            out.bands.push_back({first + from, std::min(longest, size - from), offset, scale, cell, cell + 1});
        }
        for (Index& count : counts.of_sample) {
            out.counts.push_back(static_cast<std::uint8_t>(more ? count % max_weight : count));
            count /= max_weight;
        }
    }
}

// The bands of one cell again, for another, `by` samples further on.
void append_moved(RowBands& out, std::size_t first_band, std::size_t end_band, Index cell, Index by) {
    for (std::size_t at = first_band; at < end_band; ++at) {
        RowBand band = out.bands[at];
        band.first += by;
        band.first_cell = cell;
        band.end_cell = cell + 1;
        out.bands.push_back(band);
    }
}

void turn_around(RowBands& rows, Index height) {
    std::reverse(rows.counts.begin(), rows.counts.end());
    for (RowBand& band : rows.bands) {
        band.first = height - band.end();
        band.offset = rows.counts.size() - band.offset - static_cast<std::size_t>(band.size);
    }
}

std::vector<double> weights_of(const Cell& cell, Index side) {
    std::vector<double> weights(static_cast<std::size_t>(cell.covered.size()), 0.0);
    for (const Counts& counts : counts_of(cell, side)) {
        for (std::size_t at = 0; at < weights.size(); ++at) {
            weights[at] += static_cast<double>(counts.of_sample[at]) / counts.divisor;
        }
    }
    return weights;
}

// Returns how many columns they are, with those of weight 0 that fill up the last partial sums.
Index append_columns(std::vector<float>& out, const std::vector<double>& weights, int channels) {
    for (const double weight : weights) {
        for (int channel = 0; channel < channels; ++channel) {
            const double share = channels == 3 ? luma_weights[static_cast<std::size_t>(channel)] : 1.0;
            out.push_back(static_cast<float>(weight * share));
        }
    }
    const Index bytes = static_cast<Index>(weights.size()) * channels;
    const Index padded = (bytes + partial_sums - 1) / partial_sums * partial_sums;
    out.resize(out.size() + static_cast<std::size_t>(padded - bytes), 0.0F);
    return padded;
}

}  // namespace

RowBands row_bands(Index height, Direction direction) {
    RowBands rows;
    Cell before{};
    std::size_t first_band = 0;  // of the cell before
    for (Index number = 0; number < plane_side; ++number) {
        const Cell cell = cell_of(number, height);
        const std::size_t end_band = rows.bands.size();
        if (number > 0 && cell.outer.first == before.outer.first) {
            ++rows.bands.back().end_cell;
            continue;
        }
        if (number > 0 && cell.whole(height) && before.whole(height)) {
            append_moved(rows, first_band, end_band, number, cell.covered.first - before.covered.first);
        } else {
            for (const Counts& counts : counts_of(cell, height)) {
                append_bands(rows, number, cell.covered.first, counts);
            }
        }
        before = cell;
        first_band = end_band;
    }
    if (direction == Direction::backwards) {
        turn_around(rows, height);
    }
    return rows;
}

ColumnBands column_bands(Index width, int channels, Direction direction) {
    ColumnBands columns;
    bool shared = false;
    CellColumns whole{};  // the first that no border clips
    for (Index number = 0; number < plane_side; ++number) {
        const Cell cell = cell_of(number, width);
        const bool forwards = direction == Direction::forwards;
        const Index first = (forwards ? cell.covered.first : width - 1 - cell.covered.last) * channels;
        if (shared && cell.whole(width)) {
            columns.cells.push_back({first, whole.size, whole.offset});
            continue;
        }
        std::vector<double> weights = weights_of(cell, width);
        if (!forwards) {
            std::reverse(weights.begin(), weights.end());
        }
        const auto offset = static_cast<Index>(columns.weights.size());
        columns.cells.push_back({first, append_columns(columns.weights, weights, channels), offset});
        whole = cell.whole(width) && !shared ? columns.cells.back() : whole;
        shared = shared || cell.whole(width);
    }
    return columns;
}

}  // namespace takeback
