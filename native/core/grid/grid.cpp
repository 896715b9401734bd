#include "grid/grid.hpp"

#include <algorithm>
#include <array>

#include "grid/loops.hpp"

namespace takeback {
namespace {

// Blocks whose rows are all of one value each, or whose columns are: looked for row by row.
class EvenBlocks {
public:
    explicit EvenBlocks(std::ptrdiff_t width)
        : before_(static_cast<std::size_t>(width)), down_(static_cast<std::size_t>(width)),
          flat_(static_cast<std::size_t>(width)) {}

    // Takes the next row of pixels.
    void add(const std::uint8_t* row, bool first) {
        const auto width = static_cast<std::ptrdiff_t>(before_.size());
        // 1. How many pixels above each, without a gap, are equal to it.
        for (std::ptrdiff_t x = 0; x < width; ++x) {
            down_[at(x)] = !first && row[x] == before_[at(x)] ? one_more(down_[at(x)]) : std::uint8_t{0};
        }
        // 2. How many rows up to this one are of one value over the eight pixels from x on.
        std::ptrdiff_t from = width;
        for (std::ptrdiff_t x = width - 1; x >= 0; --x) {
            from = x + 1 < width && row[x] == row[x + 1] ? from : x + 1;
            flat_[at(x)] = from - x >= block_side ? one_more(flat_[at(x)]) : std::uint8_t{0};
        }
        std::copy_n(row, width, before_.data());
    }

    // Clears the zeros of such blocks whose last row was added last.
    void clear(std::uint8_t* zeros) const {
        const auto width = static_cast<std::ptrdiff_t>(before_.size());
        std::ptrdiff_t run = 0;  // Columns up to the block's last one that are of one value each.
        for (std::ptrdiff_t x = 0; x < width; ++x) {
            run = down_[at(x)] >= block_side - 1 ? run + 1 : 0;
            const std::ptrdiff_t left = x - (block_side - 1);
            if (left >= 0 && (run >= block_side || flat_[at(left)] >= block_side)) {
                zeros[left] = 0;
            }
        }
    }

private:
    static std::size_t at(std::ptrdiff_t x) { return static_cast<std::size_t>(x); }
    static std::uint8_t one_more(std::uint8_t count) { return static_cast<std::uint8_t>(count < 8 ? count + 1 : 8); }

    std::vector<std::uint8_t> before_;
    std::vector<std::uint8_t> down_;
    std::vector<std::uint8_t> flat_;
};

// Zeros of the blocks whose columns begin at `left` ... `left + columns - 1`, at most tile_columns.
void count_tile(const Picture& luminance, std::ptrdiff_t left, std::ptrdiff_t columns, std::uint8_t* zeros) {
    const GridLoops& loops = grid_loops();
    const std::ptrdiff_t blocks = luminance.width - (block_side - 1);
    std::array<Across, block_side> rows;
    std::array<std::uint8_t, tile_columns + block_side> pixels{};
    std::array<std::uint8_t, tile_columns> counted;
    for (std::ptrdiff_t y = 0; y < luminance.height; ++y) {
        std::copy_n(luminance.row(y) + left, columns + block_side - 1, pixels.data());
        loops.transform_rows(pixels.data(), rows[static_cast<std::size_t>(y % block_side)]);
        const std::ptrdiff_t top = y - (block_side - 1);
        if (top < 0) {
            continue;
        }
        const Across* in_order[block_side];
        for (std::ptrdiff_t k = 0; k < block_side; ++k) {
            in_order[k] = &rows[static_cast<std::size_t>((top + k) % block_side)];
        }
        loops.count_zeros(in_order, counted.data());
        std::copy_n(counted.data(), columns, zeros + top * blocks + left);
    }
}

std::vector<std::uint8_t> zeros_of(const Picture& luminance) {
    const std::ptrdiff_t blocks = luminance.width - (block_side - 1);
    const std::ptrdiff_t rows = luminance.height - (block_side - 1);
    std::vector<std::uint8_t> zeros(static_cast<std::size_t>(rows * blocks));
    for (std::ptrdiff_t left = 0; left < blocks; left += tile_columns) {
        count_tile(luminance, left, std::min(tile_columns, blocks - left), zeros.data());
    }
    EvenBlocks even(luminance.width);
    for (std::ptrdiff_t y = 0; y < luminance.height; ++y) {
        even.add(luminance.row(y), y == 0);
        if (y >= block_side - 1) {
            even.clear(zeros.data() + (y - (block_side - 1)) * blocks);
        }
    }
    return zeros;
}

// The strongest of windows of 1, 2 and 4 rows of blocks, the last ones: two disjoint halves make a window.
class RowWindows {
public:
    explicit RowWindows(std::ptrdiff_t columns) : columns_(columns) {
        for (Row& row : rows_) {
            row.assign(static_cast<std::size_t>(columns), 0);
        }
    }

    // Takes the strongest along the row `y` of blocks; returns those over the eight rows up to it.
    const std::int16_t* add(const std::int16_t* row, std::ptrdiff_t y) {
        const GridLoops& loops = grid_loops();
        // one: the last row; two: the last two windows of two rows; four: the last four windows of four.
        Row& one = rows_[0];
        Row& two = rows_[static_cast<std::size_t>(1 + y % 2)];
        Row& four = rows_[static_cast<std::size_t>(3 + y % 4)];
        Row& eight = rows_[7];
        loops.stronger(one.data(), row, columns_, fresh_two());
        std::copy_n(row, columns_, one.data());
        loops.stronger(two.data(), fresh_two(), columns_, fresh_four());
        std::copy_n(fresh_two(), columns_, two.data());
        loops.stronger(four.data(), fresh_four(), columns_, eight.data());
        std::copy_n(fresh_four(), columns_, four.data());
        return eight.data();
    }

private:
    using Row = std::vector<std::int16_t>;

    std::int16_t* fresh_two() { return rows_[8].data(); }
    std::int16_t* fresh_four() { return rows_[9].data(); }

    std::ptrdiff_t columns_;
    std::array<Row, 10> rows_;
};

// Of the blocks that begin at x ... x + 7, for each x but the last seven: in place.
void strongest_along(std::vector<std::int16_t>& row) {
    const GridLoops& loops = grid_loops();
    auto count = static_cast<std::ptrdiff_t>(row.size());
    for (std::ptrdiff_t step = 1; step < block_side; step *= 2) {
        count -= step;
        loops.stronger(row.data(), row.data() + step, count, row.data());
    }
}

std::vector<std::uint8_t> votes_of(const Picture& luminance, const std::vector<std::uint8_t>& zeros) {
    constexpr std::ptrdiff_t last = block_side - 1;
    const std::ptrdiff_t width = luminance.width;
    const std::ptrdiff_t blocks = width - last;
    const std::ptrdiff_t inner = blocks - last;  // Columns of pixels that 64 blocks cover.
    std::vector<std::uint8_t> votes(static_cast<std::size_t>(luminance.height * width), no_origin);
    if (inner < 1) {
        return votes;
    }
    RowWindows windows(inner);
    std::vector<std::int16_t> row(static_cast<std::size_t>(blocks));
    for (std::ptrdiff_t y = 0; y < luminance.height - last; ++y) {
        const std::uint8_t* counted = zeros.data() + y * blocks;
        for (std::ptrdiff_t x = 0; x < blocks; ++x) {
            const std::ptrdiff_t origin = block_side * (y % block_side) + x % block_side;
            row[static_cast<std::size_t>(x)] = static_cast<std::int16_t>(counted[x] << 8 | origin);
        }
        strongest_along(row);
        const std::int16_t* strongest = windows.add(row.data(), y);
        for (std::ptrdiff_t x = 0; y >= last && x < inner; ++x) {
            votes[static_cast<std::size_t>(y * width + x + last)] = static_cast<std::uint8_t>(strongest[x] & 0xff);
        }
    }
    return votes;
}

}  // namespace

GridVotes grid_votes(const Picture& luminance) {
    GridVotes found{luminance.height, luminance.width, {}, {}};
    if (luminance.height < block_side || luminance.width < block_side) {
        found.votes.assign(static_cast<std::size_t>(luminance.height * luminance.width), no_origin);
        return found;
    }
    found.zeros = zeros_of(luminance);
    found.votes = votes_of(luminance, found.zeros);
    return found;
}

}  // namespace takeback
