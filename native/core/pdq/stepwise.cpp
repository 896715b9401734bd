// The filter in the reference's own order (facebook/ThreatExchange pdq/cpp/downscaling): float32 running sums,
// so with the reference's own rounding. Rows do not depend on each other in the horizontal passes, so several
// go side by side; of the last passes only the samples that decimation keeps are made.
#include <algorithm>
#include <array>
#include <vector>

#include "bands.hpp"
#include "plane.hpp"

namespace takeback {
namespace {

// Rows that go through a horizontal pass together: a running sum waits for itself, not for the others.
constexpr Index together = 8;

using Sums = std::array<float, together>;

// One box filter along rows, by a running sum: add what enters, subtract what leaves, divide. `width` samples
// for each row, one row after the other; what comes out goes to `emit(x, sums, divisor)`, x ascending.
template <class Emit>
void box_along_rows(const float* in, Index width, Emit emit) {
    const Index window = window_size(width);
    const Index half = half_window(window);
    Sums sums{};
    const auto add = [&](Index x) {
        for (Index row = 0; row < together; ++row) {
            sums[static_cast<std::size_t>(row)] += in[row * width + x];
        }
    };
    const auto subtract = [&](Index x) {
        for (Index row = 0; row < together; ++row) {
            sums[static_cast<std::size_t>(row)] -= in[row * width + x];
        }
    };
    Index entering = 0;
    Index leaving = 0;
    Index at = 0;
    for (; entering < half - 1; ++entering) {
        add(entering);
    }
    for (; entering < window; ++entering) {
        add(entering);
        emit(at++, sums, entering + 1);
    }
    for (; entering < width; ++entering) {
        add(entering);
        subtract(leaving++);
        emit(at++, sums, window);
    }
    for (; at < width; ++at) {
        subtract(leaving++);
        emit(at, sums, width - leaving);
    }
}

// The samples of one direction that decimation keeps, in ascending order.
class Kept {
public:
    explicit Kept(Index side) : side_(side) {}

    // Calls `keep(cell)` for each cell that `sample` stands for. Samples come in order.
    template <class Keep>
    void see(Index sample, Keep keep) {
        for (; cell_ < plane_side && centre_of(cell_, side_) == sample; ++cell_) {
            keep(cell_);
        }
    }

private:
    Index side_;
    Index cell_ = 0;
};

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
        float* sum = sum_.data();
        const bool full = arrived_ >= window_;
        if (full) {
            for (Index x = 0; x < width_; ++x) {
                sum[x] = (sum[x] + row[x]) - slot[x];
                slot[x] = row[x];
            }
        } else {
            for (Index x = 0; x < width_; ++x) {
                sum[x] += row[x];
                slot[x] = row[x];
            }
        }
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
                sum_[static_cast<std::size_t>(x)] -= slot[x];
            }
            ++left_;
            divide_and(emit);
        }
    }

private:
    float* slot_of(Index row) { return held_.data() + (row % window_) * width_; }

    template <class Emit>
    void divide_and(Emit emit) {
        const float divisor = static_cast<float>(arrived_ - left_);
        const float* sum = sum_.data();
        float* out = out_.data();
        for (Index x = 0; x < width_; ++x) {
            out[x] = sum[x] / divisor;
        }
        emit(out);
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

// The whole filter for rows of luminance that arrive in order.
class Filter {
public:
    Filter(Index height, Index width)
        : width_(width),
          arriving_(static_cast<std::size_t>(together * width)),
          filtered_(static_cast<std::size_t>(together * width)),
          half_way_(static_cast<std::size_t>(together * width)),
          first_columns_(height, width),
          second_columns_(height, plane_side),
          kept_rows_(height) {
        const Index window = window_size(width);
        const Index half = half_window(window);
        for (Index x = 0; x < width; ++x) {
            const Index first = std::max<Index>(x - (window - half), 0);
            const Index last = std::min(x + half - 1, width - 1);
            divisors_.push_back(static_cast<float>(last - first + 1));
        }
    }

    // Where the luminance of the next row goes; then `arrived`.
    float* next_row() { return arriving_.data() + rows_arriving_ * width_; }

    void arrived() {
        if (++rows_arriving_ == together) {
            first_pass();
        }
    }

    Plane finish() {
        first_pass();
        first_columns_.finish([this](const float* row) { half_way(row); });
        second_pass();
        second_columns_.finish([this](const float* row) { keep(row); });
        return plane_;
    }

private:
    void first_pass() {
        float* out = filtered_.data();
        box_along_rows(arriving_.data(), width_, [this, out](Index x, const Sums& sums, Index) {
            for (Index row = 0; row < together; ++row) {
                out[row * width_ + x] = sums[static_cast<std::size_t>(row)];
            }
        });
        divide(out);
        for (Index row = 0; row < rows_arriving_; ++row) {
            first_columns_.push(out + row * width_, [this](const float* half) { half_way(half); });
        }
        rows_arriving_ = 0;
    }

    // Apart from the sums, so that these divisions become vectors.
    void divide(float* rows) const {
        for (Index row = 0; row < together; ++row) {
            for (Index x = 0; x < width_; ++x) {
                rows[row * width_ + x] /= divisors_[static_cast<std::size_t>(x)];
            }
        }
    }

    void half_way(const float* row) {
        std::copy(row, row + width_, half_way_.data() + rows_half_way_ * width_);
        if (++rows_half_way_ == together) {
            second_pass();
        }
    }

    void second_pass() {
        std::array<float, together * plane_side> cells;
        Kept kept(width_);
        box_along_rows(half_way_.data(), width_, [&](Index x, const Sums& sums, Index divisor) {
            kept.see(x, [&](Index cell) {
                for (Index row = 0; row < together; ++row) {
                    cells[static_cast<std::size_t>(row * plane_side + cell)] =
                        sums[static_cast<std::size_t>(row)] / static_cast<float>(divisor);
                }
            });
        });
        for (Index row = 0; row < rows_half_way_; ++row) {
            second_columns_.push(cells.data() + row * plane_side, [this](const float* done) { keep(done); });
        }
        rows_half_way_ = 0;
    }

    void keep(const float* row) {
        kept_rows_.see(rows_done_++, [&](Index cell) {
            std::copy(row, row + plane_side, plane_.data() + cell * plane_side);
        });
    }

    Index width_;
    std::vector<float> arriving_;
    std::vector<float> filtered_;
    std::vector<float> half_way_;
    ColumnBox first_columns_;
    ColumnBox second_columns_;
    Kept kept_rows_;
    Index rows_arriving_ = 0;
    Index rows_half_way_ = 0;
    Index rows_done_ = 0;
    std::vector<float> divisors_;  // how many samples the box around each sample of a row covers
    Plane plane_{};
};

}  // namespace

Plane stepwise_plane(const Picture& picture) {
    Filter filter(picture.height, picture.width);
    for (Index y = 0; y < picture.height; ++y) {
        luminance_of_row(picture, y, filter.next_row());
        filter.arrived();
    }
    return filter.finish();
}

}  // namespace takeback
