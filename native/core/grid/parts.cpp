#include "grid/grid.hpp"

#include <algorithm>

namespace takeback {
namespace {

// Which numbers mean the same part: union-find, with paths halved.
class Same {
public:
    std::int32_t fresh() {
        parent_.push_back(static_cast<std::int32_t>(parent_.size()));
        return parent_.back();
    }
    std::int32_t first_of(std::int32_t number) {
        while (at(number) != number) {
            at(number) = at(at(number));
            number = at(number);
        }
        return number;
    }
    std::int32_t join(std::int32_t a, std::int32_t b) {
        a = first_of(a);
        b = first_of(b);
        at(std::max(a, b)) = std::min(a, b);
        return std::min(a, b);
    }

private:
    std::int32_t& at(std::int32_t number) { return parent_[static_cast<std::size_t>(number)]; }

    std::vector<std::int32_t> parent_{0};
};

}  // namespace

Parts parts_of(const std::uint8_t* mask, std::ptrdiff_t height, std::ptrdiff_t width, std::ptrdiff_t row_stride,
               std::ptrdiff_t reach) {
    Parts parts{std::vector<std::int32_t>(static_cast<std::size_t>(height * width), 0), 0};
    std::int32_t* labels = parts.labels.data();
    Same same;
    // 1. Each cell takes the number of one before it that is near, or a fresh one.
    for (std::ptrdiff_t y = 0; y < height; ++y) {
        for (std::ptrdiff_t x = 0; x < width; ++x) {
            if (mask[y * row_stride + x] == 0) {
                continue;
            }
            std::int32_t own = 0;
            for (std::ptrdiff_t v = std::max<std::ptrdiff_t>(0, y - reach); v <= y; ++v) {
                const std::ptrdiff_t end = v == y ? x : std::min(width, x + reach + 1);
                for (std::ptrdiff_t u = std::max<std::ptrdiff_t>(0, x - reach); u < end; ++u) {
                    const std::int32_t near = labels[v * width + u];
                    own = near == 0 ? own : own == 0 ? same.first_of(near) : same.join(own, near);
                }
            }
            labels[y * width + x] = own == 0 ? same.fresh() : own;
        }
    }
    // 2. Numbers that mean the same become one, without gaps.
    std::vector<std::int32_t> final_number(1, 0);
    for (std::ptrdiff_t k = 0; k < height * width; ++k) {
        if (labels[k] == 0) {
            continue;
        }
        const auto first = static_cast<std::size_t>(same.first_of(labels[k]));
        final_number.resize(std::max(final_number.size(), first + 1), 0);
        if (final_number[first] == 0) {
            final_number[first] = ++parts.count;
        }
        labels[k] = final_number[first];
    }
    return parts;
}

}  // namespace takeback
