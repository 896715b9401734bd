// The size at which facebook/ThreatExchange's C++ tool and its WASM build hash (pdq/cpp/io/pdqio.cpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "plane.hpp"

namespace takeback {

constexpr std::ptrdiff_t nearest_side = 512;

// Writes 512 x 512 pixels, row after row: sample (y, x) is the picture's (y * height / 512, x * width / 512),
// rounded down, whatever the aspect.
void nearest_512(const Picture& picture, std::uint8_t* out);

}  // namespace takeback
