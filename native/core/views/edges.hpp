// Straight edges along the rows and columns of a reduced picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "views/reduced.hpp"

namespace takeback {

// At how many places along a stretch of a line something is, by running sums; all lines are of one length.
class Tally {
public:
    Tally(Index lines, Index length);

    Index length() const { return length_; }
    std::int16_t* line(Index number) { return sums_.data() + number * (length_ + 1); }
    const std::int16_t* line(Index number) const { return sums_.data() + number * (length_ + 1); }
    int within(Index number, Index first, Index end) const { return line(number)[end] - line(number)[first]; }

private:
    Index length_;
    std::vector<std::int16_t> sums_;
};

// What lies across each line between two rows; line n is the one between the rows n - 1 and n, so 0 and `count`
// are the picture's own frame, along which nothing is known.
struct Lines {
    Index count;
    Tally steps;  // a step, no fainter than what is beside it
    Tally plain;  // nothing: both sides are alike
};

Lines lines_between_rows(const Reduced& small);

// The picture with rows and columns exchanged: its lines between rows are those between columns.
Reduced transposed(const Reduced& small);

// The lines, at most `most`, that have the longest stretches made of steps, in ascending order.
std::vector<Index> strongest(const Lines& lines, Index most);

}  // namespace takeback
