// Pixels to the 64x64 luminance plane that PDQ hashes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace takeback {

constexpr std::ptrdiff_t plane_side = 64;

// 64 x 64, row after row; luminance 0..255.
using Plane = std::array<float, plane_side * plane_side>;

// Borrowed pixels: interleaved RGB (channels 3) or grey (channels 1), 8 bits each, rows `row_stride`
// bytes apart (negative strides are fine). Both sides at least 1.
struct Picture {
    const std::uint8_t* pixels;
    std::ptrdiff_t height;
    std::ptrdiff_t width;
    std::ptrdiff_t row_stride;
    int channels;

    const std::uint8_t* row(std::ptrdiff_t y) const { return pixels + y * row_stride; }
};

// 0.299 R + 0.587 G + 0.114 B in double, rounded once, as the package `pdqhash` does: a grey picture and
// its three-channel copy then have the same luminance to the last bit.
Plane unfiltered_plane(const Picture& picture);  // a 64x64 picture as it is
void luminance_of_row(const Picture& picture, std::ptrdiff_t y, float* out);

// Box filter, box filter, decimation, as one banded separable operator: down the columns first, in whole
// numbers, so without rounding. Each row is read once; memory is O(width). The reference's value to about
// 1e-3, which is the reference's own rounding.
Plane banded_plane(const Picture& picture);

// The planes of the picture as it is, mirrored (left and right exchanged), flipped (top and bottom), and
// both, from one reading. They are not each other's mirror images: the reference's windows are of even size
// and lie off centre, by 1.5 of 512 pixels, so a mirrored picture is sampled elsewhere.
struct TurnedPlanes {
    Plane upright;
    Plane mirrored;
    Plane flipped;
    Plane both;
};

TurnedPlanes banded_planes(const Picture& picture);

// The same in the reference's order of float32 running sums, so with the reference's own rounding: equal to
// the last bit. Streams rows too, at several times the work; memory is O(height * width / 128).
Plane stepwise_plane(const Picture& picture);

}  // namespace takeback
