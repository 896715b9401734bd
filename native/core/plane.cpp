#include "plane.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace takeback {
namespace {

using Index = std::ptrdiff_t;

constexpr std::array<double, 3> luma_weights = {0.299, 0.587, 0.114};

// ---- The filter's geometry (PDQ, "Jarosz" filter: two box filters per direction) ------------------------

// A box of 1/128 of the side per pass, so that two passes gather about one cell of the 64-cell grid.
Index window_size(Index side) { return (side + 2 * plane_side - 1) / (2 * plane_side); }

Index half_window(Index window) { return (window + 2) / 2; }

// The sample that stands for cell `cell`: the middle of the cell, rounded down.
Index centre_of(Index cell, Index side) { return (2 * cell + 1) * side / (2 * plane_side); }

// First and last sample, both included.
struct Span {
    Index first;
    Index last;

    Index size() const { return last - first + 1; }
};

// What the box around `centre` covers; it shrinks at the borders.
Span box_around(Index centre, Index side) {
    const Index window = window_size(side);
    const Index half = half_window(window);
    return {std::max<Index>(centre - (window - half), 0), std::min(centre + half - 1, side - 1)};
}

void luminance_of_row(const Picture& picture, Index y, float* out) {
    const std::uint8_t* in = picture.row(y);
    if (picture.channels == 1) {
        std::copy(in, in + picture.width, out);
        return;
    }
    for (Index x = 0; x < picture.width; ++x) {
        const std::uint8_t* pixel = in + 3 * x;
        out[x] = static_cast<float>(pixel[0] * luma_weights[0] + pixel[1] * luma_weights[1] +
                                    pixel[2] * luma_weights[2]);
    }
}

// ---- The banded operator --------------------------------------------------------------------------------

// One row of a 64 x side matrix: its non-zero weights begin at sample `first`.
struct Band {
    Index first;
    std::vector<double> weights;

    Index end() const { return first + static_cast<Index>(weights.size()); }
    bool covers(Index sample) const { return first <= sample && sample < end(); }
};

// Two nested clipped boxes around the decimation point: at most 2 * window - 1 weights.
Band band_of(Index cell, Index side) {
    const Span outer = box_around(centre_of(cell, side), side);
    const Index first = box_around(outer.first, side).first;
    const Index last = box_around(outer.last, side).last;
    Band band{first, std::vector<double>(static_cast<std::size_t>(last - first + 1), 0.0)};
    for (Index middle = outer.first; middle <= outer.last; ++middle) {
        const Span inner = box_around(middle, side);
        const double weight = 1.0 / (static_cast<double>(outer.size()) * static_cast<double>(inner.size()));
        for (Index sample = inner.first; sample <= inner.last; ++sample) {
            band.weights[static_cast<std::size_t>(sample - first)] += weight;
        }
    }
    return band;
}

enum class Reading { forwards, backwards };

// Backwards, the samples are counted from the other end, as the filter would meet them in a mirrored picture.
std::vector<Band> bands_of(Index side, Reading reading) {
    std::vector<Band> bands;
    for (Index cell = 0; cell < plane_side; ++cell) {
        Band band = band_of(cell, side);
        if (reading == Reading::backwards) {
            band.first = side - band.end();
            std::reverse(band.weights.begin(), band.weights.end());
        }
        bands.push_back(std::move(band));
    }
    return bands;
}

// One row of the picture after the horizontal operator.
using RowCells = std::array<float, plane_side>;

// The horizontal operator laid out over the bytes of a row: for RGB each weight is split over the three
// channels, so that a cell is one dot product of contiguous bytes with contiguous weights.
class RowOperator {
public:
    RowOperator(const Picture& picture, Reading reading) {
        for (const Band& band : bands_of(picture.width, reading)) {
            add_cell(band, picture.channels, picture.width * picture.channels);
        }
    }

    RowCells apply(const std::uint8_t* row) const {
        RowCells cells;
        for (std::size_t cell = 0; cell < cells.size(); ++cell) {
            const Placed& span = spans_[cell];
            cells[cell] = dot(row + span.first_byte, weights_.data() + span.offset, span.size);
        }
        return cells;
    }

private:
    // Sixteen partial sums that do not wait for each other: what a compiler turns into vectors.
    static constexpr Index lanes = 16;

    struct Placed {
        Index first_byte;
        Index size;
        std::size_t offset;  // into weights_
    };

    void add_cell(const Band& band, int channels, Index row_bytes) {
        const Index band_bytes = static_cast<Index>(band.weights.size()) * channels;
        // Whole vectors, moved left where they would reach past the row; the padding weighs nothing.
        const Index padded = std::min((band_bytes + lanes - 1) / lanes * lanes, row_bytes);
        const Index first_byte = std::min(band.first * channels, row_bytes - padded);
        const std::size_t offset = weights_.size();
        weights_.resize(offset + static_cast<std::size_t>(padded), 0.0F);
        const Index shift = band.first * channels - first_byte;
        for (Index byte = 0; byte < band_bytes; ++byte) {
            const double share = channels == 3 ? luma_weights[static_cast<std::size_t>(byte % 3)] : 1.0;
            const double weight = band.weights[static_cast<std::size_t>(byte / channels)];
            weights_[offset + static_cast<std::size_t>(shift + byte)] = static_cast<float>(weight * share);
        }
        spans_.push_back({first_byte, padded, offset});
    }

    static float dot(const std::uint8_t* bytes, const float* weights, Index size) {
        float partial[lanes] = {};
        Index at = 0;
        for (; at + lanes <= size; at += lanes) {
            for (Index lane = 0; lane < lanes; ++lane) {
                partial[lane] += weights[at + lane] * static_cast<float>(bytes[at + lane]);
            }
        }
        float sum = 0.0F;
        for (; at < size; ++at) {
            sum += weights[at] * static_cast<float>(bytes[at]);
        }
        for (float value : partial) {
            sum += value;
        }
        return sum;
    }

    std::vector<Placed> spans_;
    std::vector<float> weights_;
};

// The vertical operator: adds rows, shown from the top, into the output rows whose bands cover them.
class ColumnOperator {
public:
    ColumnOperator(const Picture& picture, Reading reading) : bands_(bands_of(picture.height, reading)) {}

    bool wants(Index y) const {
        return std::any_of(bands_.begin(), bands_.end(), [y](const Band& band) { return band.covers(y); });
    }

    void add(Index y, const RowCells& cells) {
        for (std::size_t cell = 0; cell < bands_.size(); ++cell) {
            if (!bands_[cell].covers(y)) {
                continue;
            }
            const double weight = bands_[cell].weights[static_cast<std::size_t>(y - bands_[cell].first)];
            double* out = sums_.data() + cell * cells.size();
            for (std::size_t x = 0; x < cells.size(); ++x) {
                out[x] += weight * static_cast<double>(cells[x]);
            }
        }
    }

    Plane plane() const {
        Plane plane;
        std::transform(sums_.begin(), sums_.end(), plane.begin(),
                       [](double value) { return static_cast<float>(value); });
        return plane;
    }

private:
    std::vector<Band> bands_;
    std::array<double, plane_side * plane_side> sums_{};
};

// ---- The reference's order ------------------------------------------------------------------------------

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

Plane unfiltered_plane(const Picture& picture) {
    Plane plane;
    for (Index y = 0; y < plane_side; ++y) {
        luminance_of_row(picture, y, plane.data() + y * plane_side);
    }
    return plane;
}

Plane banded_plane(const Picture& picture) {
    const RowOperator horizontal(picture, Reading::forwards);
    ColumnOperator vertical(picture, Reading::forwards);
    for (Index y = 0; y < picture.height; ++y) {
        if (vertical.wants(y)) {
            vertical.add(y, horizontal.apply(picture.row(y)));
        }
    }
    return vertical.plane();
}

TurnedPlanes banded_planes(const Picture& picture) {
    const RowOperator forwards(picture, Reading::forwards);
    const RowOperator backwards(picture, Reading::backwards);
    ColumnOperator upright(picture, Reading::forwards);
    ColumnOperator mirrored(picture, Reading::forwards);
    ColumnOperator flipped(picture, Reading::backwards);
    ColumnOperator both(picture, Reading::backwards);
    for (Index y = 0; y < picture.height; ++y) {
        if (upright.wants(y) || flipped.wants(y)) {
            const RowCells cells = forwards.apply(picture.row(y));
            const RowCells mirror_cells = backwards.apply(picture.row(y));
            upright.add(y, cells);
            flipped.add(y, cells);
            mirrored.add(y, mirror_cells);
            both.add(y, mirror_cells);
        }
    }
    return {upright.plane(), mirrored.plane(), flipped.plane(), both.plane()};
}

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
