// Descriptors of 512 signed bytes by key, found exactly by cosine, while they are added and removed.
//
// Rows lie in pages and every one is compared: what a search costs is reading them, 512 bytes each. A row that is
// removed is overwritten by the last, which is then zeroed, so that rows never have gaps. Searches read under a
// shared lock, a few queries at a time; changes wait for one such share at most, and take the lock for microseconds,
// removals for as long as reading every key takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dots.hpp"
#include "index/block.hpp"
#include "index/fair_lock.hpp"

namespace takeback {

// One row each, ordered by query, similarity (the highest first), key.
struct SimilarNeighbors {
    std::vector<std::int64_t> query;
    std::vector<std::uint64_t> key;
    std::vector<float> similarity;
};

class EmbeddingIndex {
public:
    // `threads` work on a large search; 0: as many as there are processors.
    explicit EmbeddingIndex(unsigned threads);
    EmbeddingIndex(const EmbeddingIndex&) = delete;
    EmbeddingIndex& operator=(const EmbeddingIndex&) = delete;

    // Strong: nothing is added where memory is short (std::bad_alloc).
    void add(const std::uint64_t* keys, const std::int8_t* values, std::size_t count);
    void remove(const std::uint64_t* keys, std::size_t count);
    // out[i] becomes 1 where keys[i] has a descriptor, else 0.
    void contains(const std::uint64_t* keys, std::size_t count, std::uint8_t* out) const;
    // Every row whose cosine with a query, as float, is `at_least` or more; that of a row of zeros is 0.
    SimilarNeighbors search(const std::int8_t* queries, std::size_t count, float at_least) const;

    std::size_t size() const;
    std::size_t nbytes() const;

private:
    // Rows, keys and squared lengths, in one block, which is zeroed before it is given back.
    class Page {
    public:
        explicit Page(std::size_t capacity);

        std::size_t rows = 0;

        std::size_t room() const { return capacity_ - rows; }
        std::size_t nbytes() const { return memory_.size(); }
        std::uint8_t* row(std::size_t at) const { return memory_.data() + at * embedding_values; }
        std::uint64_t* keys() const { return reinterpret_cast<std::uint64_t*>(row(capacity_)); }
        std::int32_t* squares() const { return reinterpret_cast<std::int32_t*>(keys() + capacity_); }
        void put(std::uint64_t key, const std::int8_t* values);

    private:
        std::size_t capacity_;
        Block memory_;
    };

    struct Found {
        std::int64_t query;
        std::uint64_t key;
        float similarity;
    };
    struct Question;

    void make_room(std::size_t count);
    void drop_last_into(Page& page, std::size_t row);
    void search_page(const Page& page, const Question& asked, std::vector<Found>& found) const;

    const unsigned threads_;
    mutable FairLock lock_;
    std::vector<Page> pages_;  // only the last may have room, or be followed by empty ones
    std::size_t size_ = 0;
};

}  // namespace takeback
