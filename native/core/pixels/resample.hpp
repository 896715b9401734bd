// Pixels to another size: a sample is the mean of the area that it stands for where the picture shrinks, and lies
// between its two neighbours where it grows. Each direction for itself, so the aspect may change.
//
// Summed in floating point in one order: the same bits on every processor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "pdq/plane.hpp"

namespace takeback {

// A side becomes at most so many times shorter: the sum of its samples fits 16 bits.
constexpr std::ptrdiff_t most_shrunk = 256;

// Writes height x width pixels of the picture's own channels, row after row.
void resample(const Picture& picture, std::ptrdiff_t height, std::ptrdiff_t width, std::uint8_t* out);

// Writes height x width bytes of luminance: 0.299 R + 0.587 G + 0.114 B of the same means.
void resample_luminance(const Picture& picture, std::ptrdiff_t height, std::ptrdiff_t width, std::uint8_t* out);

}  // namespace takeback
