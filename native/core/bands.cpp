#include "bands.hpp"

#include <array>
#include <utility>

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

// How many of the inner boxes that have one size cover each sample. Each weighs 1 / divisor.
struct Counts {
    Index inner_size;
    double divisor;
    std::vector<Index> steps;  // from one count to the next
};

// Of one cell: what its outer box covers, and the inner boxes around each sample of that, by size. All are of
// one size but in the cell at a border, which has two or three.
struct Cell {
    Index first;
    std::vector<Counts> by_size;
};

Counts& counts_for(Cell& cell, const Span& outer, Index inner_size, Index samples) {
    for (Counts& counts : cell.by_size) {
        if (counts.inner_size == inner_size) {
            return counts;
        }
    }
    const double divisor = static_cast<double>(outer.size()) * static_cast<double>(inner_size);
    cell.by_size.push_back({inner_size, divisor, std::vector<Index>(static_cast<std::size_t>(samples + 1), 0)});
    return cell.by_size.back();
}

Cell cell_of(Index number, Index side) {
    const Span outer = box_around(centre_of(number, side), side);
    const Span whole = {box_around(outer.first, side).first, box_around(outer.last, side).last};
    Cell cell{whole.first, {}};
    for (Index middle = outer.first; middle <= outer.last; ++middle) {
        const Span inner = box_around(middle, side);
        Counts& counts = counts_for(cell, outer, inner.size(), whole.size());
        ++counts.steps[static_cast<std::size_t>(inner.first - whole.first)];
        --counts.steps[static_cast<std::size_t>(inner.last + 1 - whole.first)];
    }
    return cell;
}

std::vector<Index> summed(const std::vector<Index>& steps) {
    std::vector<Index> counts;
    Index count = 0;
    for (std::size_t at = 0; at + 1 < steps.size(); ++at) {
        count += steps[at];
        counts.push_back(count);
    }
    return counts;
}

// Counts as digits to the base max_weight, and cut so short that 255 times their sum fits 32 bits.
void append_bands(std::vector<RowBand>& bands, Index first, std::vector<Index> counts, double divisor, Index cell) {
    constexpr Index longest = 1 << 15;
    double scale = 1.0 / divisor;
    for (bool more = true; more; scale *= max_weight) {
        more = *std::max_element(counts.begin(), counts.end()) > max_weight;
        std::vector<std::uint8_t> digits;
        for (Index& count : counts) {
            digits.push_back(static_cast<std::uint8_t>(more ? count % max_weight : count));
            count /= max_weight;
        }
        for (Index from = 0; from < static_cast<Index>(digits.size()); from += longest) {
            const Index to = std::min(from + longest, static_cast<Index>(digits.size()));
            bands.push_back({first + from, {digits.begin() + from, digits.begin() + to}, scale, cell, cell + 1});
        }
    }
}

void turn_around(RowBand& band, Index side) {
    band.first = side - band.end();
    std::reverse(band.weights.begin(), band.weights.end());
}

std::vector<double> weights_of(const Cell& cell) {
    std::vector<double> weights(cell.by_size.front().steps.size() - 1, 0.0);
    for (const Counts& counts : cell.by_size) {
        const std::vector<Index> whole = summed(counts.steps);
        for (std::size_t at = 0; at < weights.size(); ++at) {
            weights[at] += static_cast<double>(whole[at]) / counts.divisor;
        }
    }
    return weights;
}

void append_columns(ColumnBands& bands, Index first, const std::vector<double>& weights, int channels) {
    const Index bytes = static_cast<Index>(weights.size()) * channels;
    const Index padded = (bytes + partial_sums - 1) / partial_sums * partial_sums;
    bands.cells.push_back({first * channels, padded, static_cast<Index>(bands.weights.size())});
    for (const double weight : weights) {
        for (int channel = 0; channel < channels; ++channel) {
            const double share = channels == 3 ? luma_weights[static_cast<std::size_t>(channel)] : 1.0;
            bands.weights.push_back(weight * share);
        }
    }
    bands.weights.resize(bands.weights.size() + static_cast<std::size_t>(padded - bytes), 0.0);
}

}  // namespace

std::vector<RowBand> row_bands(Index side, Reading reading) {
    std::vector<RowBand> bands;
    Index before = -1;
    for (Index number = 0; number < plane_side; ++number) {
        // Below 128 a box has one sample, and below 64 neighbours can share it.
        if (centre_of(number, side) == before) {
            ++bands.back().end_cell;
            continue;
        }
        before = centre_of(number, side);
        const Cell cell = cell_of(number, side);
        for (const Counts& counts : cell.by_size) {
            append_bands(bands, cell.first, summed(counts.steps), counts.divisor, number);
        }
    }
    if (reading == Reading::backwards) {
        for (RowBand& band : bands) {
            turn_around(band, side);
        }
    }
    return bands;
}

ColumnBands column_bands(Index width, int channels, Reading reading) {
    ColumnBands bands;
    bands.cells.reserve(static_cast<std::size_t>(plane_side));
    for (Index number = 0; number < plane_side; ++number) {
        const Cell cell = cell_of(number, width);
        std::vector<double> weights = weights_of(cell);
        Index first = cell.first;
        if (reading == Reading::backwards) {
            first = width - first - static_cast<Index>(weights.size());
            std::reverse(weights.begin(), weights.end());
        }
        append_columns(bands, first, weights, channels);
    }
    return bands;
}

}  // namespace takeback
