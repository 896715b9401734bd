// The newest rows, in the order in which they came, searched one by one until they are merged into a segment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "block.hpp"
#include "search.hpp"

namespace takeback {

class Tail {
public:
    // Strong: nothing is added where memory is short (std::bad_alloc).
    void add(const std::uint64_t* keys, const std::uint8_t* codes, std::size_t count);

    // Erases every row of the keys, which are sorted.
    void remove(const std::uint64_t* sorted_keys, std::size_t count);

    std::size_t rows() const { return rows_; }
    std::size_t live() const { return rows_ - removed_; }
    std::size_t nbytes() const { return memory_.size(); }
    bool is_dead(std::size_t row) const { return (dead()[row / 64] >> (row % 64) & 1U) != 0; }
    const std::uint64_t* keys() const { return reinterpret_cast<const std::uint64_t*>(memory_.data()); }
    const std::uint8_t* codes() const { return memory_.data() + capacity_ * sizeof(std::uint64_t); }
    Filed filed() const;

private:
    void grow(std::size_t rows);
    void erase(std::size_t row);
    std::uint64_t* dead() const {
        return reinterpret_cast<std::uint64_t*>(memory_.data() + capacity_ * (sizeof(std::uint64_t) + code_bytes));
    }

    Block memory_;
    std::size_t capacity_ = 0;  // a multiple of 64
    std::size_t rows_ = 0;
    std::size_t removed_ = 0;
};

}  // namespace takeback
