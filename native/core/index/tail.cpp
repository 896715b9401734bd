#include "tail.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace takeback {
namespace {

constexpr std::size_t first_capacity = 64;

}  // namespace

void Tail::add(const std::uint64_t* keys, const std::uint8_t* codes, std::size_t count) {
    if (count == 0) {
        return;
    }
    if (rows_ + count > capacity_) {
        grow(rows_ + count);
    }
    std::memcpy(memory_.data() + rows_ * sizeof(std::uint64_t), keys, count * sizeof(std::uint64_t));
    std::memcpy(memory_.data() + capacity_ * sizeof(std::uint64_t) + rows_ * code_bytes, codes, count * code_bytes);
    rows_ += count;
}

void Tail::remove(const std::uint64_t* sorted_keys, std::size_t count) {
    constexpr std::size_t few = 8;  // up to here comparing with each is quicker than searching among them
    if (count <= few) {
        for (std::size_t key = 0; key < count; ++key) {
            const std::uint64_t* end = keys() + rows_;
            for (const std::uint64_t* found = std::find(keys(), end, sorted_keys[key]); found != end;
                 found = std::find(found + 1, end, sorted_keys[key])) {
                erase(static_cast<std::size_t>(found - keys()));
            }
        }
        return;
    }
    for (std::size_t row = 0; row < rows_; ++row) {
        if (std::binary_search(sorted_keys, sorted_keys + count, keys()[row])) {
            erase(row);
        }
    }
}

void Tail::erase(std::size_t row) {
    if (!is_dead(row)) {
        wipe(memory_.data() + capacity_ * sizeof(std::uint64_t) + row * code_bytes, code_bytes);
        dead()[row / 64] |= std::uint64_t{1} << (row % 64);
        ++removed_;
    }
}

Filed Tail::filed() const {
    Filed all{};
    all.codes = codes();
    all.dead = dead();
    all.rows = rows_;
    return all;
}

// Doubles at least; what held the rows before is wiped as it goes.
void Tail::grow(std::size_t rows) {
    const std::size_t capacity = (std::max({rows, 2 * capacity_, first_capacity}) + 63) / 64 * 64;
    Tail larger;
    larger.memory_ = Block::of_memory(capacity * (sizeof(std::uint64_t) + code_bytes) + capacity / 8);
    larger.capacity_ = capacity;
    larger.rows_ = rows_;
    larger.removed_ = removed_;
    if (rows_ > 0) {
        std::memcpy(larger.memory_.data(), keys(), rows_ * sizeof(std::uint64_t));
        std::memcpy(larger.memory_.data() + capacity * sizeof(std::uint64_t), codes(), rows_ * code_bytes);
        std::memcpy(larger.dead(), dead(), (rows_ + 63) / 64 * sizeof(std::uint64_t));
    }
    *this = std::move(larger);
}

}  // namespace takeback
