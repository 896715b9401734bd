#include "rectangles.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <tuple>

namespace takeback {
namespace {

// Lines in each direction, beside the picture's frame: 30 of them give 435 pairs, and 435 x 435 rectangles at most.
constexpr Index most_lines = 22;

// Pixels of the reduced picture: smaller rectangles are too coarsely known.
constexpr Index min_side = 12;
constexpr float min_side_share = 0.1F;
constexpr float min_area_share = 0.04F;

// Of a side: steps, and of what is plain on both sides of the line (sky against white, shadow against black) a part.
constexpr float min_support = 0.78F;
constexpr float min_steps = 0.3F;
constexpr float worth_of_plain = 0.7F;

// Of a rectangle's pixels: where fewer differ from the one below, there is nothing in it to compare.
constexpr float min_detail = 0.15F;

// A line that goes on past the corners is another thing's.
constexpr Index corner = 3;
constexpr Index shortest_beyond = 4;

constexpr float worth_of_beyond = 3.5F;

// The strongest, as far as can be told from their sides, that are looked at more closely.
constexpr std::size_t most_rectangles = 1024;

// Of a line: as much has to be plain for it to be a border's.
constexpr float plain_border = 0.985F;
constexpr Index ringing = 6;
constexpr float least_edge = 0.4F;

// How many pixels of a box differ from the one below, by running sums over the lines between rows.
class Detail {
public:
    explicit Detail(const Lines& rows)
        : width_(rows.plain.length() + 1), sums_(static_cast<std::size_t>((rows.count + 1) * width_)) {
        for (Index line = 1; line <= rows.count; ++line) {
            add(rows.plain.line(line), sums_.data() + line * width_);
        }
    }

    float share(const Box& box) const {
        const std::int32_t* top = sums_.data() + box.top * width_;
        const std::int32_t* bottom = sums_.data() + (box.bottom - 1) * width_;
        const std::int32_t plain = bottom[box.right] - bottom[box.left] - top[box.right] + top[box.left];
        const Index all = box.width() * (box.height() - 1);
        return 1 - static_cast<float>(plain) / static_cast<float>(all);
    }

private:
    void add(const std::int16_t* plain, std::int32_t* out) const {
        const std::int32_t* before = out - width_;
        for (Index x = 0; x < width_; ++x) {
            out[x] = before[x] + plain[x];
        }
    }

    Index width_;
    std::vector<std::int32_t> sums_;
};

// What is known of one side: places along it.
struct Side {
    int length = 1;
    int steps = 0;
    int plain = 0;

    // Shares of the length.
    float of_steps() const { return static_cast<float>(steps) / static_cast<float>(length); }
    float support() const {
        return (static_cast<float>(steps) + worth_of_plain * static_cast<float>(plain)) / static_cast<float>(length);
    }

    bool holds() const {
        const auto all = static_cast<float>(length);
        return static_cast<float>(steps) >= min_steps * all &&
               static_cast<float>(steps) + worth_of_plain * static_cast<float>(plain) >= min_support * all;
    }
};

Side side_of(const Lines& lines, Index line, Index first, Index end) {
    const auto length = static_cast<int>(end - first);
    const int steps = lines.steps.within(line, first, end);
    return {length, steps, std::min(lines.plain.within(line, first, end), length - steps)};
}

// Shares of steps just past both ends of a side, added up.
struct Beyond {
    float steps = 0;
    int ends = 0;

    void look(const Lines& lines, Index line, Index first, Index end) {
        const Index more = std::max(shortest_beyond, (end - first) / 8);
        stretch(lines, line, std::max<Index>(first - corner - more, 0), first - corner);
        stretch(lines, line, end + corner, std::min(end + corner + more, lines.steps.length()));
    }

    float mean() const { return ends == 0 ? 0 : steps / static_cast<float>(ends); }

private:
    void stretch(const Lines& lines, Index line, Index first, Index end) {
        if (end - first >= shortest_beyond) {
            steps += static_cast<float>(lines.steps.within(line, first, end)) / static_cast<float>(end - first);
            ++ends;
        }
    }
};

// The sides of a rectangle that are not the picture's own frame, taken together.
struct Sides {
    float steps = 0;
    float support = 0;
    float fewest_steps = 1;
    int count = 0;

    void add_unless(bool frame, const Side& side) {
        if (frame) {
            return;
        }
        steps += side.of_steps();
        support += side.support();
        fewest_steps = std::min(fewest_steps, side.of_steps());
        ++count;
    }
};

class Search {
public:
    explicit Search(const Surface& surface)
        : surface_(surface),
          detail_(surface.rows),
          width_(surface.small.width),
          height_(surface.small.height),
          min_width_(shortest(width_, surface.small.x_step)),
          min_height_(shortest(height_, surface.small.y_step)),
          log_widths_(logarithms(width_, surface.small.x_step)),
          log_heights_(logarithms(height_, surface.small.y_step)) {}

    std::vector<Rectangle> run() {
        const std::vector<Index> ys = with_frame(strongest(surface_.rows, most_lines), height_);
        const std::vector<Index> xs = with_frame(strongest(surface_.columns, most_lines), width_);
        for (std::size_t top = 0; top < ys.size(); ++top) {
            for (std::size_t bottom = top + 1; bottom < ys.size(); ++bottom) {
                if (ys[bottom] - ys[top] >= min_height_) {
                    look_between(ys[top], ys[bottom], xs);
                }
            }
        }
        keep_best();
        for (Rectangle& each : found_) {
            each.strength -= worth_of_beyond * beyond(each.box).mean();
        }
        std::sort(found_.begin(), found_.end(), stronger);
        return std::move(found_);
    }

private:
    // Among equals the upper and the left one, so that the answer hangs on nothing but the picture.
    static bool stronger(const Rectangle& a, const Rectangle& b) {
        const auto key = [](const Rectangle& each) {
            return std::make_tuple(-each.strength, each.box.top, each.box.bottom, each.box.left, each.box.right);
        };
        return key(a) < key(b);
    }

    void keep_best() {
        if (found_.size() > most_rectangles) {
            const auto weakest = found_.begin() + most_rectangles - 1;
            std::nth_element(found_.begin(), weakest, found_.end(), stronger);
            weakest_ = weakest->strength;
            found_.resize(most_rectangles);
        }
    }

    struct Upright {
        Index x;
        bool frame;
        Side side;
    };

    static Index shortest(Index side, Index step) {
        const auto share = static_cast<Index>(min_side_share * static_cast<float>(side));
        return std::max({min_side, share, (min_view_side + step - 1) / step});
    }

    static std::vector<float> logarithms(Index side, Index step) {
        std::vector<float> found{0};
        for (Index pixels = 1; pixels <= side; ++pixels) {
            found.push_back(std::log(static_cast<float>(pixels * step)));
        }
        return found;
    }

    static std::vector<Index> with_frame(std::vector<Index> lines, Index side) {
        lines.insert(lines.begin(), 0);
        lines.push_back(side);
        return lines;
    }

    // All rectangles with these two sides: first the columns that hold between them, then their pairs.
    void look_between(Index top, Index bottom, const std::vector<Index>& xs) {
        uprights_.clear();
        for (const Index x : xs) {
            const bool frame = x == 0 || x == width_;
            const Side side = frame ? Side{} : side_of(surface_.columns, x, top, bottom);
            if (frame || side.holds()) {
                uprights_.push_back({x, frame, side});
            }
        }
        for (std::size_t left = 0; left < uprights_.size(); ++left) {
            for (std::size_t right = left + 1; right < uprights_.size(); ++right) {
                look_at(uprights_[left], uprights_[right], top, bottom);
            }
        }
    }

    void look_at(const Upright& left, const Upright& right, Index top, Index bottom) {
        const Box box{left.x, top, right.x, bottom};
        const float area = static_cast<float>(box.area()) / static_cast<float>(width_ * height_);
        if (box.width() < min_width_ || area < min_area_share) {
            return;
        }
        const bool open_top = top == 0;
        const bool open_bottom = bottom == height_;
        const Side above = open_top ? Side{} : side_of(surface_.rows, top, box.left, box.right);
        if (!open_top && !above.holds()) {
            return;
        }
        const Side below = open_bottom ? Side{} : side_of(surface_.rows, bottom, box.left, box.right);
        if (!open_bottom && !below.holds()) {
            return;
        }
        Sides sides;
        sides.add_unless(left.frame, left.side);
        sides.add_unless(right.frame, right.side);
        sides.add_unless(open_top, above);
        sides.add_unless(open_bottom, below);
        const float detail = detail_.share(box);
        if (sides.count == 0 || detail < min_detail) {
            return;
        }
        const Rectangle rectangle{box, strength(box, sides, detail)};
        if (rectangle.strength > weakest_) {
            found_.push_back(rectangle);
        }
        if (found_.size() == 8 * most_rectangles) {
            keep_best();
        }
    }

    // Weights fitted (a choice among the rectangles of one picture, by which has the fingerprint of the picture that
    // was put there) on the half of the photographs that is for calibration.
    float strength(const Box& box, const Sides& sides, float detail) const {
        const auto count = static_cast<float>(sides.count);
        return 54.9F * sides.support / count + 27.9F * sides.steps / count + 15.9F * sides.fewest_steps + 1.35F * count +
               4.4F * detail -
               5.2F * std::abs(log_widths_[static_cast<std::size_t>(box.width())] -
                               log_heights_[static_cast<std::size_t>(box.height())]);
    }

    Beyond beyond(const Box& box) const {
        Beyond found;
        for (const Index x : {box.left, box.right}) {
            if (x > 0 && x < width_) {
                found.look(surface_.columns, x, box.top, box.bottom);
            }
        }
        for (const Index y : {box.top, box.bottom}) {
            if (y > 0 && y < height_) {
                found.look(surface_.rows, y, box.left, box.right);
            }
        }
        return found;
    }

    const Surface& surface_;
    Detail detail_;
    Index width_;
    Index height_;
    Index min_width_;
    Index min_height_;
    std::vector<float> log_widths_;
    std::vector<float> log_heights_;
    std::vector<Upright> uprights_;
    std::vector<Rectangle> found_;
    float weakest_ = std::numeric_limits<float>::lowest();
};

// From line `at`, towards `end`, past all lines that are plain from `first` to `last`; then to the nearest edge.
Index past_plain(const Lines& lines, Index at, Index end, Index first, Index last) {
    const Index onwards = at < end ? 1 : -1;
    const auto needed = plain_border * static_cast<float>(last - first);
    Index reached = at + onwards;
    while (reached != end && static_cast<float>(lines.plain.within(reached, first, last)) >= needed) {
        reached += onwards;
    }
    if (reached == at + onwards || reached == end) {
        return at;
    }
    // JPEG rings for up to a block of 16 pixels before an edge.
    Index best = reached;
    for (Index line = reached; line != end && std::abs(line - reached) <= ringing; line += onwards) {
        if (lines.steps.within(line, first, last) > lines.steps.within(best, first, last)) {
            best = line;
        }
    }
    const auto edge = static_cast<float>(lines.steps.within(best, first, last)) / static_cast<float>(last - first);
    return edge < least_edge ? at : best;
}

}  // namespace

Surface::Surface(const Picture& picture)
    : small(reduced(picture)), rows(lines_between_rows(small)), columns(lines_between_rows(transposed(small))) {}

std::vector<Rectangle> rectangles(const Surface& surface) { return Search(surface).run(); }

Box without_border(const Surface& surface, const Box& box) {
    Box inner = box;
    // Twice: what is plain between two bars may not be so along the whole side.
    for (int round = 0; round < 2; ++round) {
        inner.top = past_plain(surface.rows, inner.top, inner.bottom, inner.left, inner.right);
        inner.bottom = past_plain(surface.rows, inner.bottom, inner.top, inner.left, inner.right);
        inner.left = past_plain(surface.columns, inner.left, inner.right, inner.top, inner.bottom);
        inner.right = past_plain(surface.columns, inner.right, inner.left, inner.top, inner.bottom);
    }
    return inner;
}

}  // namespace takeback
