#include "index.hpp"

#include <algorithm>
#include <utility>

#include "index_parts.hpp"
#include "parallel.hpp"

namespace takeback {
namespace {

// So many rows at once become a segment of their own.
constexpr std::size_t bulk_rows = std::size_t{1} << 16;
// And such a share of all: looking one row up takes as long as sweeping 250.
constexpr std::size_t swept_share = 256;
constexpr std::size_t swept_at_once = std::size_t{1} << 16;

std::vector<std::uint64_t> sorted(const std::uint64_t* keys, std::size_t count) {
    std::vector<std::uint64_t> all(keys, keys + count);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

}  // namespace

// ---- Life -----------------------------------------------------------------------------------------------

HammingIndex::HammingIndex(unsigned threads) : threads_(thread_count(threads)), tails_{std::make_shared<Tail>()} {}

HammingIndex::HammingIndex(const std::string& path, unsigned threads) : HammingIndex(threads) {
    auto segment = std::make_shared<Segment>(Segment::of_snapshot(Block::of_file(path), threads_));
    seq_ = segment->seq();
    segments_.push_back(std::move(segment));
}

HammingIndex::~HammingIndex() {
    closing_ = true;
    settle();
}

void HammingIndex::settle() {
    const std::lock_guard<std::mutex> held(worker_guard_);
    if (worker_.joinable()) {
        worker_.join();
    }
}

std::size_t HammingIndex::size() const {
    const Reading reading(lock_);
    return Job{tails_, {}, segments_}.live();
}

std::size_t HammingIndex::nbytes() const {
    const Reading reading(lock_);
    std::size_t bytes = building_bytes_;
    for (const auto& tail : tails_) {
        bytes += tail->nbytes();
    }
    for (const auto& segment : segments_) {
        bytes += segment->nbytes();
    }
    return bytes;
}

// ---- Changes --------------------------------------------------------------------------------------------

void HammingIndex::add(const std::uint64_t* keys, const std::uint8_t* codes, std::size_t count) {
    if (count >= bulk_rows) {
        add_in_bulk(keys, codes, count);
    } else {
        const Writing writing(lock_);
        if (tails_.back()->rows() >= tail_rows) {
            tails_.push_back(std::make_shared<Tail>());
        }
        tails_.back()->add(keys, codes, count);
    }
    tend();
}

void HammingIndex::add_in_bulk(const std::uint64_t* keys, const std::uint8_t* codes, std::size_t count) {
    const std::size_t size = Segment::size_of(count);
    const Counted counted(building_bytes_, size);
    auto made = std::make_shared<Segment>(Block::of_memory(size), count);
    std::copy(keys, keys + count, made->keys());
    std::copy(codes, codes + count * code_bytes, made->codes());
    made->file(threads_);
    const Writing writing(lock_);
    segments_.push_back(std::move(made));
    sort_by_size(segments_);
}

void HammingIndex::remove(const std::uint64_t* keys, std::size_t count) {
    const std::vector<std::uint64_t> all = sorted(keys, count);
    const bool sweeps = all.size() >= std::max(swept_from, size() / swept_share);
    for (std::size_t first = 0; first < all.size(); first += removed_at_once) {
        const std::size_t end = std::min(first + removed_at_once, all.size());
        const std::vector<std::uint64_t> some(all.begin() + static_cast<std::ptrdiff_t>(first),
                                              all.begin() + static_cast<std::ptrdiff_t>(end));
        const Writing writing(lock_);
        erase(some, sweeps);
    }
    if (sweeps) {
        sweep_segments();
    }
    tend();
}

void HammingIndex::erase(const std::vector<std::uint64_t>& sorted_keys, bool sweeps) {
    if (recording_) {
        removed_meanwhile_.insert(removed_meanwhile_.end(), sorted_keys.begin(), sorted_keys.end());
    }
    for (const auto& tail : tails_) {
        tail->remove(sorted_keys.data(), sorted_keys.size());
    }
    for (const auto& segment : segments_) {
        each_row_of(*segment, sorted_keys, [&](std::size_t row) { sweeps ? segment->kill_row(row) : segment->remove_row(row); });
    }
}

// Empties the places that killed rows still have in the tables, letting others in now and then.
void HammingIndex::sweep_segments() {
    std::vector<std::shared_ptr<Segment>> present;
    {
        const Reading reading(lock_);
        present = segments_;
    }
    for (const auto& segment : present) {
        for (std::size_t first = 0; first < segment->places(); first += swept_at_once) {
            const Writing writing(lock_);
            segment->sweep(first, std::min(first + swept_at_once, segment->places()));
        }
    }
}

void HammingIndex::contains(const std::uint64_t* keys, std::size_t count, std::uint8_t* out) const {
    const Reading reading(lock_);
    std::vector<std::uint64_t> held;
    for (const auto& tail : tails_) {
        for (std::size_t row = 0; row < tail->rows(); ++row) {
            if (!tail->is_dead(row)) {
                held.push_back(tail->keys()[row]);
            }
        }
    }
    std::sort(held.begin(), held.end());
    for (std::size_t at = 0; at < count; ++at) {
        out[at] = std::binary_search(held.begin(), held.end(), keys[at]) ? 1 : 0;
    }
    for (const auto& segment : segments_) {
        for (std::size_t at = 0; at < count; ++at) {
            const auto [first, end] = segment->rows_of(keys[at]);
            for (std::size_t row = first; row < end; ++row) {
                out[at] |= segment->is_dead(row) ? 0 : 1;
            }
        }
    }
}

}  // namespace takeback
