// What was drawn over all of a picture in one colour (stripes, a grid, scribbles), and the picture without it.
#pragma once

#include <cstdint>
#include <vector>

#include "views/reduced.hpp"

namespace takeback {

// One byte for each pixel of the reduced picture, row after row, not zero where something lies over it; empty where
// nothing does. The work is bounded, whatever the picture.
std::vector<std::uint8_t> find_overlay(const Reduced& small);

// What the pixels around it say that lies below, the surface with the least bend: three channels, row after row.
std::vector<std::uint8_t> without_overlay(const Reduced& small, const std::vector<std::uint8_t>& overlay);

}  // namespace takeback
