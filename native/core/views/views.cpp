#include "views.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>

#include "views/overlay.hpp"
#include "views/rectangles.hpp"

namespace takeback {
namespace {

// Shared area of two boxes, of their union. From the first on they are one view; from the second, the weaker has to
// be so much the stronger: a picture in its bubble, or in the gaps of a collage, has two outlines, and a fingerprint
// tells which of them it is.
constexpr double same_box = 0.97;
constexpr double like_box = 0.85;
constexpr float worth_of_other = 3;
constexpr float nothing = std::numeric_limits<float>::lowest();

// Of the photographs that are for calibration 29 of 100 have a rectangle as strong as this (a window, a door), of the
// collages, screenshots and frames that were made of them 98.
constexpr float likely_strength = 99;

// What the border leaves, and a rectangle with that much in common.
constexpr double about_same = 0.9;

// Places along a side where its step is measured, and levels beyond which a step counts no more.
constexpr Index places = 64;
constexpr int largest_step = 48;

double overlap(const Box& a, const Box& b) {
    const Index width = std::min(a.right, b.right) - std::max(a.left, b.left);
    const Index height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
    const Index common = std::max<Index>(width, 0) * std::max<Index>(height, 0);
    return static_cast<double>(common) / static_cast<double>(a.area() + b.area() - common);
}

// The sides of a box of the reduced picture, found again to the pixel.
class Sharpener {
public:
    Sharpener(const Picture& picture, const Reduced& small) : picture_(picture), small_(small) {}

    Box sharpened(const Box& box) const {
        const Box rough{box.left * small_.x_step, box.top * small_.y_step,
                        std::min(box.right * small_.x_step, picture_.width),
                        std::min(box.bottom * small_.y_step, picture_.height)};
        const Along down{rough.top, rough.bottom};
        const Along across{rough.left, rough.right};
        return {column(rough.left, down), row(rough.top, across), column(rough.right, down), row(rough.bottom, across)};
    }

private:
    // The stretch of a side where its step is measured: the corners may be round.
    struct Along {
        Index first;
        Index end;

        Index place(Index number) const {
            const Index corner = (end - first) / 32;
            return first + corner + (end - first - 2 * corner) * number / places;
        }
    };

    Index column(Index rough, const Along& along) const {
        return strongest_step(rough, small_.x_step, picture_.width, [&](Index x, Index number) {
            const std::uint8_t* after = picture_.row(along.place(number)) + x * picture_.channels;
            return step(after - picture_.channels, after);
        });
    }

    Index row(Index rough, const Along& along) const {
        return strongest_step(rough, small_.y_step, picture_.height, [&](Index y, Index number) {
            const Index offset = along.place(number) * picture_.channels;
            return step(picture_.row(y - 1) + offset, picture_.row(y) + offset);
        });
    }

    int step(const std::uint8_t* before, const std::uint8_t* after) const {
        int largest = 0;
        for (int channel = 0; channel < picture_.channels; ++channel) {
            largest = std::max(largest, std::abs(before[channel] - after[channel]));
        }
        return std::min(largest, largest_step);
    }

    template <class Step>
    static Index strongest_step(Index rough, Index reach, Index side, Step step_at) {
        if (rough == 0 || rough == side) {
            return rough;
        }
        Index best = rough;
        int most = -1;
        for (Index at = std::max<Index>(rough - reach - 1, 1); at <= std::min(rough + reach + 1, side - 1); ++at) {
            int sum = 0;
            for (Index number = 0; number < places; ++number) {
                sum += step_at(at, number);
            }
            if (sum > most) {
                most = sum;
                best = at;
            }
        }
        return best;
    }

    const Picture& picture_;
    const Reduced& small_;
};

// The views kept so far: none much like another, or like the whole picture.
class Kept {
public:
    Kept(const Picture& picture, std::size_t most) : whole_{0, 0, picture.width, picture.height}, most_(most) {}

    bool full() const { return found_.size() == most_; }

    void offer(Found kind, const Box& box, bool likely) {
        const bool small = std::min(box.width(), box.height()) < min_view_side;
        const auto same = [&box](const FoundView& each) {
            return each.kind != Found::cleared && overlap(each.box, box) >= same_box;
        };
        if (!full() && !small && !whole(box) && std::none_of(found_.begin(), found_.end(), same)) {
            found_.push_back({kind, box, likely});
        }
    }

    void clear() { found_.push_back({Found::cleared, whole_, true}); }

    std::vector<FoundView> take() { return std::move(found_); }

private:
    bool whole(const Box& box) const { return box.area() == whole_.area(); }

    Box whole_;
    std::size_t most_;
    std::vector<FoundView> found_;
};

// The strongest, each in turn; what is much like one that was taken counts for less, and what is the same for nothing.
std::vector<Rectangle> distinct(std::vector<Rectangle> all, std::size_t most) {
    std::vector<Rectangle> found;
    std::vector<bool> likened(all.size(), false);
    const auto stronger = [](const Rectangle& a, const Rectangle& b) { return a.strength < b.strength; };
    while (found.size() < most) {
        const auto best = std::max_element(all.begin(), all.end(), stronger);
        if (best == all.end() || best->strength == nothing) {
            break;
        }
        found.push_back(*best);
        for (std::size_t at = 0; at < all.size(); ++at) {
            const double common = overlap(all[at].box, found.back().box);
            if (common >= same_box) {
                all[at].strength = nothing;
            } else if (common >= like_box && !likened[at]) {
                all[at].strength -= worth_of_other;
                likened[at] = true;
            }
        }
    }
    return found;
}

}  // namespace

std::vector<FoundView> find_views(const Picture& picture, std::size_t most) {
    Kept kept(picture, most);
    if (std::min(picture.height, picture.width) < min_view_side || most == 0) {
        return kept.take();
    }
    const Surface surface(picture);
    if (!find_overlay(surface.small).empty()) {
        kept.clear();
    }
    const Sharpener sharpener(picture, surface.small);
    const std::vector<Rectangle> regions = distinct(rectangles(surface), most);
    const Box stripped = without_border(surface, {0, 0, surface.small.width, surface.small.height});
    // A rectangle that is what the border leaves is more precise than that.
    const auto same = [&stripped](const Rectangle& each) { return overlap(each.box, stripped) >= about_same; };
    const auto precise = std::find_if(regions.begin(), regions.end(), same);
    if (precise == regions.end()) {
        kept.offer(Found::stripped, sharpener.sharpened(stripped), true);
    }
    for (const Rectangle& each : regions) {
        const bool is_stripped = precise != regions.end() && &each == &*precise;
        kept.offer(is_stripped ? Found::stripped : Found::region, sharpener.sharpened(each.box),
                   each.strength >= likely_strength);
    }
    return kept.take();
}

Cleared cleared(const Picture& picture) {
    const Reduced small = reduced(picture);
    const std::vector<std::uint8_t> overlay = find_overlay(small);
    if (overlay.empty()) {
        return {0, 0, {}};
    }
    return {small.height, small.width, without_overlay(small, overlay)};
}

}  // namespace takeback
