// Where the 8 x 8 blocks of a JPEG lie in a picture: each pixel's vote for one of 64 origins.
//
// After T. Nikoukhah, J. Anger, T. Ehret, M. Colom, J.-M. Morel, R. Grompone von Gioi, "ZERO: a Local JPEG Grid
// Origin Detector Based on the Number of DCT Zeros and its Applications in Image Forensics", IPOL 2021 (390).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pdq/plane.hpp"

namespace takeback {

// Of blocks that begin at each row and column, [height - 7][width - 7], and of pixels, [height][width].
struct GridVotes {
    std::ptrdiff_t height;
    std::ptrdiff_t width;
    // How many coefficients of the block, but the first, are below 0.5; 0 where all its rows or all its columns are
    // equal, which any grid would explain.
    std::vector<std::uint8_t> zeros;
    // 8 * (top % 8) + left % 8 of the block with the most zeros of the 64 that cover the pixel; no_origin where two
    // have as many, and along the edges, where fewer cover it.
    std::vector<std::uint8_t> votes;
};

// Of a grey picture; no blocks and no votes where a side is shorter than eight pixels. O(pixels) time; beside the
// answer, O(width) memory.
GridVotes grid_votes(const Picture& luminance);

// Parts of a mask [height][width] of 0 and 1 that hang together, each cell with those up to `reach` rows and columns
// away: their numbers from 1 on, in the order of their first cells, 0 where the mask is.
struct Parts {
    std::vector<std::int32_t> labels;
    std::int32_t count;
};

Parts parts_of(const std::uint8_t* mask, std::ptrdiff_t height, std::ptrdiff_t width, std::ptrdiff_t row_stride,
               std::ptrdiff_t reach);

}  // namespace takeback
