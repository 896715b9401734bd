// The geometry of PDQ's filter ("Jarosz" filter: two box filters per direction), as bands of weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "loops.hpp"
#include "plane.hpp"

namespace takeback {

using Index = std::ptrdiff_t;

// A box of 1/128 of the side per pass, so that two passes gather about one cell of the 64-cell grid.
inline Index window_size(Index side) { return (side + 2 * plane_side - 1) / (2 * plane_side); }

inline Index half_window(Index window) { return (window + 2) / 2; }

// The sample that stands for cell `cell`: the middle of the cell, rounded down.
inline Index centre_of(Index cell, Index side) { return (2 * cell + 1) * side / (2 * plane_side); }

// Backwards, the samples are counted from the other end, as the filter would meet them in a mirrored picture.
enum class Direction { forwards, backwards };

// What adjacent rows weigh in some cells: whole numbers, at most max_weight, over one divisor. The counts of a
// cell's bands, each times its `scale`, add up to the two box filters exactly.
struct RowBand {
    Index first;
    Index size;
    std::size_t offset;  // into RowBands::counts
    double scale;
    Index first_cell;  // more than one where a side below 64 repeats its samples
    Index end_cell;

    Index end() const { return first + size; }
};

// The bands of all 64 cells. Cells that no border clips share their counts.
struct RowBands {
    std::vector<RowBand> bands;
    std::vector<std::uint8_t> counts;
};

RowBands row_bands(Index height, Direction direction);

// The other direction, laid out over the bytes of a row: for RGB each weight is split over the three channels,
// so that a cell is one dot product of adjacent columns with adjacent weights. Cells may reach up to
// partial_sums columns past the row, with weight 0; those that no border clips share their weights.
struct ColumnBands {
    std::vector<CellColumns> cells;
    std::vector<float> weights;
};

ColumnBands column_bands(Index width, int channels, Direction direction);

}  // namespace takeback
