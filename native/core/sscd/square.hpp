// The picture that a learned copy descriptor looks at: the whole one, squashed.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pdq/plane.hpp"

namespace takeback {

constexpr std::ptrdiff_t square_side = 288;

// Writes 288 x 288 x 3 bytes, row after row, aspect ignored. Along a side that shrinks, each sample is the mean of
// what it covers, parts of pixels included; along one that grows, the line between the two nearest middles. Grey
// counts as three equal channels. The same bytes on every processor; memory is O(width).
void square(const Picture& picture, std::uint8_t* out);

}  // namespace takeback
