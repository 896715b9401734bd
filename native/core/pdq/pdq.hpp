// PDQ: 256 bits that stay nearly the same when a picture is scaled or compressed again.
// Facebook, "PDQ", 2019 (ThreatExchange, pdq/cpp/hashing); answers equal the reference's bit for bit.
#pragma once

#include <array>
#include <cstdint>

#include "plane.hpp"

namespace takeback {

// 256 bits, bit 255 first: the order of the reference's hexadecimal text.
using Code = std::array<std::uint8_t, 32>;

struct Pdq {
    Code code;
    int quality;  // 0..100
};

// A side below 5 pixels gives the code 0 and quality 0.
Pdq pdq_hash(const Picture& picture);

// In the order of fingerprint/orientation.py: upright; turned clockwise by 90, 180, 270 degrees; mirrored
// (left and right exchanged); flipped (top and bottom); transposed; transposed over the other diagonal.
constexpr std::size_t orientation_count = 8;
using PdqOrientations = std::array<Pdq, orientation_count>;

// What pdq_hash gives for the picture turned each way, from one reading of the pixels. The first is exactly
// pdq_hash; the others are not worked out a second time where they hang on the reference's rounding.
PdqOrientations pdq_orientations(const Picture& picture);

}  // namespace takeback
