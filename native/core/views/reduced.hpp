// A picture made small, to look for straight edges in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pdq/plane.hpp"

namespace takeback {

using Index = std::ptrdiff_t;

// Neither side of a reduced picture is longer.
constexpr Index reduced_side = 384;

// Three planes, 8 bits each, row after row; a grey picture has three equal ones. A pixel (x, y) is the mean of
// `x_step` by `y_step` pixels of the picture, which begin at (x * x_step, y * y_step); the last of a row or
// column may have fewer. Of a high block only `rows_read` rows count.
struct Reduced {
    Index height;
    Index width;
    Index x_step;
    Index y_step;
    std::array<std::vector<std::uint8_t>, 3> planes;

    const std::uint8_t* row(std::size_t plane, Index y) const { return planes[plane].data() + y * width; }
};

// Rows of a block that are read, so that a large picture costs no more than it has to.
constexpr Index rows_read = 2;

Reduced reduced(const Picture& picture);

}  // namespace takeback
