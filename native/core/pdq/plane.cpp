#include "plane.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "bands.hpp"
#include "loops.hpp"

namespace takeback {
namespace {

using Cells = std::array<double, plane_side * plane_side>;

Plane as_plane(const Cells& cells) {
    Plane plane;
    std::transform(cells.begin(), cells.end(), plane.begin(), [](double value) { return static_cast<float>(value); });
    return plane;
}

// The sums of one block of columns.
struct alignas(64) Block {
    std::int32_t sums[block_bytes];
};

// A band whose rows are being added up.
struct Task {
    RowBand band;
    const std::uint8_t* counts;
    std::array<Cells*, 2> outputs;  // one for each horizontal operator
    std::vector<Block> sums;
    std::array<std::uint8_t, rows_at_once> weights;  // of the rows that are added next
};

// Adds rows up under the vertical bands, in whole numbers, and takes each finished sum through the horizontal
// operators. Vertical first: whole rows, one after the other, need no more than a multiplication a byte.
class RowStream {
public:
    RowStream(const Picture& picture, std::vector<ColumnBands> horizontal)
        : picture_(picture),
          horizontal_(std::move(horizontal)),
          row_bytes_(picture.width * picture.channels),
          whole_blocks_(row_bytes_ / block_bytes) {}

    // `outputs` has one plane for each horizontal operator. `rows` stay where they are until run() is done.
    void want(const RowBands& rows, std::array<Cells*, 2> outputs) {
        for (const RowBand& band : rows.bands) {
            waiting_.push_back({band, rows.counts.data() + band.offset, outputs, {}, {}});
        }
    }

    // Each row that a band covers is read once, in order, eight at a time.
    void run() {
        std::stable_sort(waiting_.begin(), waiting_.end(),
                         [](const Task& a, const Task& b) { return a.band.first < b.band.first; });
        std::size_t next = 0;
        Index y = 0;
        while (next < waiting_.size() || !running_.empty()) {
            if (running_.empty()) {
                y = waiting_[next].band.first;
            }
            for (; next < waiting_.size() && waiting_[next].band.first < y + rows_at_once; ++next) {
                start(std::move(waiting_[next]));
            }
            add_rows_from(y);
            y += rows_at_once;
            finish_before(y);
        }
    }

private:
    using Rows = std::array<const std::uint8_t*, rows_at_once>;

    void start(Task task) {
        if (!spare_.empty()) {
            task.sums = std::move(spare_.back());
            spare_.pop_back();
        } else {
            // One block more: the last cell may reach past the row, with weight 0.
            task.sums.resize(static_cast<std::size_t>(row_bytes_ / block_bytes + 2));
        }
        running_.push_back(std::move(task));
    }

    void add_rows_from(Index y) {
        sums_.clear();
        Rows rows;
        rows.fill(picture_.row(y));
        for (Task& task : running_) {
            for (Index r = 0; r < rows_at_once; ++r) {
                const Index at = y + r - task.band.first;
                const bool covered = at >= 0 && y + r < task.band.end();
                const auto slot = static_cast<std::size_t>(r);
                task.weights[slot] = covered ? task.counts[at] : std::uint8_t{0};
                // A row that no band covers is not even touched.
                rows[slot] = covered ? picture_.row(y + r) : rows[slot];
            }
            sums_.push_back({task.sums.front().sums, task.weights.data(), task.band.first >= y});
        }
        add(rows, whole_blocks_);
        if (whole_blocks_ * block_bytes < row_bytes_) {
            add_last_columns(rows);
        }
    }

    void add(const Rows& rows, Index blocks) {
        loops.add_rows(rows.data(), blocks, sums_.data(), static_cast<Index>(sums_.size()));
    }

    // What does not fill a block is copied into one, so that no loop reads past a row.
    void add_last_columns(const Rows& rows) {
        const Index done = whole_blocks_ * block_bytes;
        std::uint8_t copies[rows_at_once][block_bytes] = {};
        Rows copied;
        for (std::size_t r = 0; r < rows.size(); ++r) {
            std::memcpy(copies[r], rows[r] + done, static_cast<std::size_t>(row_bytes_ - done));
            copied[r] = copies[r];
        }
        for (RowSums& sums : sums_) {
            sums.sums += done;
        }
        add(copied, 1);
    }

    void finish_before(Index y) {
        const auto finished = [this, y](Task& task) {
            if (task.band.end() > y) {
                return false;
            }
            finish(task);
            return true;
        };
        running_.erase(std::remove_if(running_.begin(), running_.end(), finished), running_.end());
    }

    void finish(Task& task) {
        loops.put_in_order(task.sums.front().sums, static_cast<Index>(task.sums.size()) - 1);
        for (std::size_t each = 0; each < horizontal_.size(); ++each) {
            const ColumnBands& bands = horizontal_[each];
            std::array<float, plane_side> row;
            loops.weigh_columns(task.sums.front().sums, bands.cells.data(), plane_side, bands.weights.data(),
                                  row.data());
            for (Index cell = task.band.first_cell; cell < task.band.end_cell; ++cell) {
                double* out = task.outputs[each]->data() + cell * plane_side;
                for (std::size_t x = 0; x < row.size(); ++x) {
                    out[x] += task.band.scale * static_cast<double>(row[x]);
                }
            }
        }
        spare_.push_back(std::move(task.sums));
    }

    const HashLoops& loops = hash_loops();
    Picture picture_;
    std::vector<ColumnBands> horizontal_;
    Index row_bytes_;
    Index whole_blocks_;
    std::vector<Task> waiting_;
    std::vector<Task> running_;
    std::vector<RowSums> sums_;
    std::vector<std::vector<Block>> spare_;
};

}  // namespace

Plane unfiltered_plane(const Picture& picture) {
    Plane plane;
    for (Index y = 0; y < plane_side; ++y) {
        luminance_of_row(picture, y, plane.data() + y * plane_side);
    }
    return plane;
}

void luminance_of_row(const Picture& picture, Index y, float* out) {
    const std::uint8_t* in = picture.row(y);
    if (picture.channels == 1) {
        std::copy(in, in + picture.width, out);
    } else {
        hash_loops().luminance(in, picture.width, out);
    }
}

Plane banded_plane(const Picture& picture) {
    Cells cells{};
    const RowBands rows = row_bands(picture.height, Direction::forwards);
    RowStream stream(picture, {column_bands(picture.width, picture.channels, Direction::forwards)});
    stream.want(rows, {&cells, nullptr});
    stream.run();
    return as_plane(cells);
}

TurnedPlanes banded_planes(const Picture& picture) {
    Cells upright{};
    Cells mirrored{};
    Cells flipped{};
    Cells both{};
    const RowBands forwards = row_bands(picture.height, Direction::forwards);
    const RowBands backwards = row_bands(picture.height, Direction::backwards);
    RowStream stream(picture, {column_bands(picture.width, picture.channels, Direction::forwards),
                               column_bands(picture.width, picture.channels, Direction::backwards)});
    stream.want(forwards, {&upright, &mirrored});
    stream.want(backwards, {&flipped, &both});
    stream.run();
    return {as_plane(upright), as_plane(mirrored), as_plane(flipped), as_plane(both)};
}

}  // namespace takeback
