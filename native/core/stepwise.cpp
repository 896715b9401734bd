#include <algorithm>
#include <vector>

#include "bands.hpp"
#include "plane.hpp"

namespace takeback {
namespace {

// One box filter along a row, by a running sum: add what enters, subtract what leaves, divide.
void box_along_row(const float* in, float* out, Index side) {
    const Index window = window_size(side);
    const Index half = half_window(window);
    float sum = 0.0F;
    Index entering = 0;
    Index leaving = 0;
    Index at = 0;
    for (; entering < half - 1; ++entering) {
        sum += in[entering];
    }
    for (; entering < window; ++entering) {
        sum += in[entering];
        out[at++] = sum / static_cast<float>(entering + 1);
    }
    const Index whole = at;
    for (; entering < side; ++entering) {
        sum += in[entering];
        sum -= in[leaving++];
        out[at++] = sum;
    }
    // Apart from the sums, so that these divisions become vectors.
    const float divisor = static_cast<float>(window);
    for (Index x = whole; x < at; ++x) {
        out[x] /= divisor;
    }
    for (; at < side; ++at) {
        sum -= in[leaving++];
        out[at] = sum / static_cast<float>(side - leaving);
    }
}

// One box filter along the columns of rows that arrive one by one. Rows leave half a window late, and the
// last of them when `finish` is called. Each goes to `emit(row)` while it lasts.
class ColumnBox {
public:
    ColumnBox(Index height, Index width)
        : width_(width),
          window_(window_size(height)),
          half_(half_window(window_)),
          held_(static_cast<std::size_t>(window_ * width)),
          sum_(static_cast<std::size_t>(width), 0.0F),
          out_(static_cast<std::size_t>(width)) {}

    template <class Emit>
    void push(const float* row, Emit emit) {
        float* slot = slot_of(arrived_);
        const bool full = arrived_ >= window_;
        if (full) {
            for (Index x = 0; x < width_; ++x) {
                sum_at(x) = (sum_at(x) + row[x]) - slot[x];
            }
        } else {
            for (Index x = 0; x < width_; ++x) {
                sum_at(x) += row[x];
            }
        }
        std::copy(row, row + width_, slot);
        ++arrived_;
        left_ += full ? 1 : 0;
        if (arrived_ >= half_) {
            divide_and(emit);
        }
    }

    template <class Emit>
    void finish(Emit emit) {
        for (Index late = 0; late < half_ - 1; ++late) {
            const float* slot = slot_of(left_);
            for (Index x = 0; x < width_; ++x) {
                sum_at(x) -= slot[x];
            }
            ++left_;
            divide_and(emit);
        }
    }

private:
    float* slot_of(Index row) { return held_.data() + (row % window_) * width_; }
    float& sum_at(Index x) { return sum_[static_cast<std::size_t>(x)]; }

    template <class Emit>
    void divide_and(Emit emit) {
        const float divisor = static_cast<float>(arrived_ - left_);
        for (Index x = 0; x < width_; ++x) {
            out_[static_cast<std::size_t>(x)] = sum_at(x) / divisor;
        }
        emit(out_.data());
    }

    Index width_;
    Index window_;
    Index half_;
    Index arrived_ = 0;
    Index left_ = 0;
    std::vector<float> held_;  // the rows inside the window
    std::vector<float> sum_;
    std::vector<float> out_;
};

// Keeps the 64 x 64 samples of the filtered rows that it is shown in order.
class Decimation {
public:
    Decimation(Index height, Index width, Plane& plane) : height_(height), width_(width), plane_(plane) {}

    void see(const float* row) {
        for (; cell_ < plane_side && centre_of(cell_, height_) == y_; ++cell_) {
            for (Index x = 0; x < plane_side; ++x) {
                plane_[static_cast<std::size_t>(cell_ * plane_side + x)] = row[centre_of(x, width_)];
            }
        }
        ++y_;
    }

private:
    Index height_;
    Index width_;
    Plane& plane_;
    Index cell_ = 0;
    Index y_ = 0;
};

}  // namespace

Plane stepwise_plane(const Picture& picture) {
    Plane plane{};
    const auto width = static_cast<std::size_t>(picture.width);
    std::vector<float> luminance(width);
    std::vector<float> filtered(width);
    ColumnBox first_pass(picture.height, picture.width);
    ColumnBox second_pass(picture.height, picture.width);
    Decimation decimation(picture.height, picture.width, plane);
    const auto keep = [&](const float* row) { decimation.see(row); };
    const auto again = [&](const float* row) {
        box_along_row(row, filtered.data(), picture.width);
        second_pass.push(filtered.data(), keep);
    };
    for (Index y = 0; y < picture.height; ++y) {
        luminance_of_row(picture, y, luminance.data());
        box_along_row(luminance.data(), filtered.data(), picture.width);
        first_pass.push(filtered.data(), again);
    }
    first_pass.finish(again);
    second_pass.finish(keep);
    return plane;
}

}  // namespace takeback
