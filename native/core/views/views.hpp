// Where in a picture another picture may lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pdq/plane.hpp"

namespace takeback {

// Pixels of the picture; right and bottom are not included.
struct Box {
    std::ptrdiff_t left;
    std::ptrdiff_t top;
    std::ptrdiff_t right;
    std::ptrdiff_t bottom;

    std::ptrdiff_t width() const { return right - left; }
    std::ptrdiff_t height() const { return bottom - top; }
    std::ptrdiff_t area() const { return width() * height(); }
};

enum class Found { cleared, stripped, region };

struct FoundView {
    Found kind;
    Box box;
    bool likely;  // its edges are as strong as those of pictures in pictures mostly are
};

// Pixels: a view with a shorter side has nothing to compare.
constexpr std::ptrdiff_t min_view_side = 32;

// At most `most` views of the picture, the most promising first: all of it without what was drawn over it in one
// colour, what is left without its border, and rectangles with straight edges on their sides. Never the whole picture
// as it is. The work is bounded, whatever the picture.
std::vector<FoundView> find_views(const Picture& picture, std::size_t most);

// Three channels, row after row.
struct Cleared {
    std::ptrdiff_t height;
    std::ptrdiff_t width;
    std::vector<std::uint8_t> pixels;
};

// The picture that a view is of which was found `cleared`, reduced; a picture over which nothing was drawn has no pixels.
Cleared cleared(const Picture& picture);

}  // namespace takeback
