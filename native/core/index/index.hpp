// Codes by key, found exactly by Hamming distance, while they are added and removed.
//
//   tails     the newest rows, compared one by one: the last takes what is added, those before it are full
//   segments  filed rows, the largest first; one of them may be a snapshot that processes share
//
// Full tails are merged into one segment with those that are not much larger: in a thread of its own where that is
// much work, which holds no lock while it files. Searches read under a shared lock, a query at a time; changes take
// it for microseconds. Adding and removing are in index.cpp, merging and snapshots in index_merge.cpp, searching in
// index_search.cpp.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fair_lock.hpp"
#include "segment.hpp"
#include "tail.hpp"

namespace takeback {

// One row each, ordered by query, distance, key.
struct Neighbors {
    std::vector<std::int64_t> query;
    std::vector<std::uint64_t> key;
    std::vector<std::int32_t> distance;
};

class HammingIndex {
public:
    // `threads` work on one batch, one build, one large scan; 0: as many as there are processors.
    explicit HammingIndex(unsigned threads);
    // Maps a snapshot, and shares it with whoever else maps it: what is removed here is erased in the file.
    // CorruptSnapshot, std::system_error.
    HammingIndex(const std::string& path, unsigned threads);
    HammingIndex(const HammingIndex&) = delete;
    HammingIndex& operator=(const HammingIndex&) = delete;
    ~HammingIndex();

    void add(const std::uint64_t* keys, const std::uint8_t* codes, std::size_t count);
    void remove(const std::uint64_t* keys, std::size_t count);
    // out[i] becomes 1 where keys[i] has a code, else 0.
    void contains(const std::uint64_t* keys, std::size_t count, std::uint8_t* out) const;
    // `radius` is 0 .. 256.
    Neighbors search(const std::uint8_t* queries, std::size_t count, int radius) const;

    // Writes a snapshot of the present state, numbered `seq`; it appears at `path` whole or not at all, in place
    // of what is there. std::system_error, std::length_error, std::bad_alloc.
    void save(const std::string& path, std::uint64_t seq) const;
    // The number of the snapshot that this index was opened from; 0 without one.
    std::uint64_t seq() const { return seq_; }

    std::size_t size() const;
    // Bytes held now, those of a merge or a snapshot under way included.
    std::size_t nbytes() const;
    // Waits until no merge is under way.
    void settle();

private:
    using Segments = std::vector<std::shared_ptr<Segment>>;
    using Tails = std::vector<std::shared_ptr<Tail>>;

    // What is merged, or written: tails, the first `ends` rows of each, and segments.
    struct Job {
        Tails tails;
        std::vector<std::size_t> ends;
        Segments segments;

        bool is_empty() const { return tails.empty() && segments.empty(); }
        std::size_t live() const;
        // Notes where the tails end; returns how many rows live now.
        std::size_t begin();
    };
    class Recording;

    void add_in_bulk(const std::uint64_t* keys, const std::uint8_t* codes, std::size_t count);
    void erase(const std::vector<std::uint64_t>& sorted_keys, bool sweeps);
    void sweep_segments();
    void tend();
    void merge_all_due();
    Job due_job();
    void merge(Job& job);
    void replace(const Job& job, std::shared_ptr<Segment> made);
    void copy(const Job& job, Segment& to) const;

    const unsigned threads_;
    std::uint64_t seq_ = 0;
    mutable FairLock lock_;
    Segments segments_;
    Tails tails_;
    bool merging_ = false;

    mutable std::mutex building_;  // one merge or save at a time
    mutable bool recording_ = false;
    mutable std::vector<std::uint64_t> removed_meanwhile_;
    mutable std::atomic<std::size_t> building_bytes_{0};

    std::atomic<bool> closing_{false};
    std::mutex worker_guard_;
    std::thread worker_;
};

}  // namespace takeback
