#include "nearest.hpp"

#include <algorithm>
#include <array>

namespace takeback {

void nearest_512(const Picture& picture, std::uint8_t* out) {
    std::array<std::ptrdiff_t, nearest_side> offsets;
    for (std::ptrdiff_t x = 0; x < nearest_side; ++x) {
        offsets[static_cast<std::size_t>(x)] = x * picture.width / nearest_side * picture.channels;
    }
    for (std::ptrdiff_t y = 0; y < nearest_side; ++y) {
        const std::uint8_t* row = picture.row(y * picture.height / nearest_side);
        for (const std::ptrdiff_t offset : offsets) {
            out = std::copy(row + offset, row + offset + picture.channels, out);
        }
    }
}

}  // namespace takeback
