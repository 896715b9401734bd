// What the files of HammingIndex share.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "segment.hpp"

namespace takeback {

// A scan of so many rows takes two microseconds.
constexpr std::size_t tail_rows = 2048;
// Keys that are removed without letting others in.
constexpr std::size_t removed_at_once = 256;
// From so many keys on, tables are swept as a whole instead of each row being looked up in them.
constexpr std::size_t swept_from = 4096;

template <class Remove>
void each_row_of(const Segment& segment, const std::vector<std::uint64_t>& keys, Remove remove) {
    for (const std::uint64_t key : keys) {
        const auto [first, end] = segment.rows_of(key);
        for (std::size_t row = first; row < end; ++row) {
            remove(row);
        }
    }
}

inline void sort_by_size(std::vector<std::shared_ptr<Segment>>& segments) {
    std::sort(segments.begin(), segments.end(), [](const auto& a, const auto& b) { return a->rows() > b->rows(); });
}

// Adds to a count while it lasts.
class Counted {
public:
    Counted(std::atomic<std::size_t>& count, std::size_t size) : count_(count), size_(size) { count_ += size_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { count_ -= size_; }

private:
    std::atomic<std::size_t>& count_;
    std::size_t size_;
};

}  // namespace takeback
