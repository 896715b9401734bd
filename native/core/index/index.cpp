#include "index.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "parallel.hpp"

namespace takeback {
namespace {

// A scan of so many rows takes two microseconds; a merge of them, a millisecond.
constexpr std::size_t tail_rows = 4096;
// A segment is merged with what is newer once that is a sixteenth of it: each row is then moved about sixteen
// times on its way into a segment sixteen times as large.
constexpr std::size_t merge_ratio = 16;
constexpr std::size_t max_segments = 6;
// So many rows at once become a segment of their own.
constexpr std::size_t bulk_rows = std::size_t{1} << 16;
// Up to here a merge takes a few milliseconds, and a thread is not worth it.
constexpr std::size_t inline_rows = 4 * tail_rows;
// A segment is rebuilt without its removed rows once they are a quarter of it.
constexpr std::size_t max_dead_share = 4;
// Rows that are copied, or keys that are removed, without letting others in.
constexpr std::size_t copied_at_once = std::size_t{1} << 14;
constexpr std::size_t removed_at_once = 256;
// From so many keys on, and such a share of all, tables are swept as a whole instead of each row being looked up
// in them: that takes as long as 250 places that are swept.
constexpr std::size_t swept_from = 4096;
constexpr std::size_t swept_share = 256;
constexpr std::size_t swept_at_once = std::size_t{1} << 16;

bool is_wasteful(const Segment& segment) { return (segment.rows() - segment.live()) * max_dead_share > segment.rows(); }

std::vector<std::uint64_t> sorted(const std::uint64_t* keys, std::size_t count) {
    std::vector<std::uint64_t> all(keys, keys + count);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

template <class Remove>
void each_row_of(const Segment& segment, const std::vector<std::uint64_t>& keys, Remove remove) {
    for (const std::uint64_t key : keys) {
        const auto [first, end] = segment.rows_of(key);
        for (std::size_t row = first; row < end; ++row) {
            remove(row);
        }
    }
}

void remove_from(Segment& segment, const std::vector<std::uint64_t>& keys) {
    if (keys.size() < swept_from) {
        each_row_of(segment, keys, [&segment](std::size_t row) { segment.remove_row(row); });
        return;
    }
    each_row_of(segment, keys, [&segment](std::size_t row) { segment.kill_row(row); });
    segment.sweep(0, segment.places());
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

}  // namespace

// ---- Life -----------------------------------------------------------------------------------------------

HammingIndex::HammingIndex(unsigned threads) : threads_(thread_count(threads)), tail_(std::make_shared<Tail>()) {}

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
    std::size_t live = tail_->live() + (frozen_ ? frozen_->live() : 0);
    for (const auto& segment : segments_) {
        live += segment->live();
    }
    return live;
}

std::size_t HammingIndex::nbytes() const {
    const Reading reading(lock_);
    std::size_t bytes = building_bytes_ + tail_->nbytes() + (frozen_ ? frozen_->nbytes() : 0);
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
        tail_->add(keys, codes, count);
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
    std::sort(segments_.begin(), segments_.end(),
              [](const auto& a, const auto& b) { return a->rows() > b->rows(); });
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
    tail_->remove(sorted_keys.data(), sorted_keys.size());
    if (frozen_) {
        frozen_->remove(sorted_keys.data(), sorted_keys.size());
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
    std::fill(out, out + count, std::uint8_t{0});
    for (const Tail* rows : {tail_.get(), frozen_.get()}) {
        const std::size_t end = rows == nullptr ? 0 : rows->rows();
        std::vector<std::uint64_t> held;
        for (std::size_t row = 0; row < end; ++row) {
            if (!rows->is_dead(row)) {
                held.push_back(rows->keys()[row]);
            }
        }
        std::sort(held.begin(), held.end());
        for (std::size_t at = 0; at < count && !held.empty(); ++at) {
            out[at] |= std::binary_search(held.begin(), held.end(), keys[at]) ? 1 : 0;
        }
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

// ---- Merging --------------------------------------------------------------------------------------------

// Notes what is removed while rows are copied and filed. Whoever holds one holds `building_` too.
class HammingIndex::Recording {
public:
    explicit Recording(const HammingIndex& index) : index_(index) {}
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording() {
        const Writing writing(index_.lock_);
        end();
    }

    // Under the lock, in the moment that the copy is to show.
    void begin() const {
        index_.removed_meanwhile_.clear();
        index_.recording_ = true;
    }

    // Removes from `made` what was removed since; returns, holding the lock, when nothing is left.
    Writing catch_up(Segment& made) const {
        for (;;) {
            Writing writing(index_.lock_);
            std::vector<std::uint64_t> removed;
            removed.swap(index_.removed_meanwhile_);
            if (removed.size() <= removed_at_once) {
                remove_from(made, removed);
                end();
                return writing;
            }
            writing.unlock();
            remove_from(made, removed);
        }
    }

private:
    void end() const {
        index_.recording_ = false;
        index_.removed_meanwhile_.clear();
    }

    const HammingIndex& index_;
};

// Begins what is due; in a thread of its own where it is much.
void HammingIndex::tend() {
    std::size_t work = 0;
    {
        const Writing writing(lock_);
        if (merging_) {
            return;
        }
        const Job job = due_job();
        if (!job.rows && job.segments.empty()) {
            return;
        }
        merging_ = true;
        work = job.live;
    }
    if (work <= inline_rows) {
        merge_all_due();
        return;
    }
    const std::lock_guard<std::mutex> held(worker_guard_);
    if (worker_.joinable()) {
        worker_.join();  // its work is done: nothing was under way
    }
    try {
        worker_ = std::thread([this] { merge_all_due(); });
    } catch (const std::system_error&) {
        merge_all_due();
    }
}

// Where memory is short, everything stays as it is, and the next change tries again.
void HammingIndex::merge_all_due() {
    for (;;) {
        const std::lock_guard<std::mutex> building(building_);
        Job job;
        {
            const Writing writing(lock_);
            job = due_job();
            if (closing_ || (!job.rows && job.segments.empty())) {
                merging_ = false;
                return;
            }
            if (job.rows == tail_) {
                tail_ = std::make_shared<Tail>();
                frozen_ = job.rows;
            }
        }
        try {
            merge(job);
        } catch (const std::bad_alloc&) {
            const Writing writing(lock_);
            merging_ = false;
            return;
        }
    }
}

// What should be merged now; under the lock.
HammingIndex::Job HammingIndex::due_job() {
    Job job;
    segments_.erase(std::remove_if(segments_.begin(), segments_.end(), [](const auto& each) { return each->live() == 0; }),
                    segments_.end());
    // 1. The newest rows, and what is not much larger.
    if (frozen_ || tail_->rows() >= tail_rows) {
        job.rows = frozen_ ? frozen_ : tail_;
        job.live = job.rows->live();
        for (auto each = segments_.rbegin(); each != segments_.rend(); ++each) {
            if ((*each)->live() > merge_ratio * job.live) {
                break;
            }
            job.segments.push_back(*each);
            job.live += (*each)->live();
        }
        std::reverse(job.segments.begin(), job.segments.end());
        return job;
    }
    // 2. What has lost many of its rows.
    for (const auto& segment : segments_) {
        if (is_wasteful(*segment)) {
            job.segments.push_back(segment);
            job.live = segment->live();
            return job;
        }
    }
    // 3. The smaller half of too many.
    if (segments_.size() > max_segments) {
        job.segments.assign(segments_.begin() + max_segments / 2, segments_.end());
        for (const auto& segment : job.segments) {
            job.live += segment->live();
        }
    }
    return job;
}

void HammingIndex::merge(const Job& job) {
    // 1. A handful of rows is no segment.
    if (job.live <= tail_rows / 2) {
        const Writing writing(lock_);
        replace(job, nullptr);
        return;
    }
    // 2. Copied and filed while others search and change.
    const Recording recording(*this);
    std::size_t live = 0;
    {
        const Writing writing(lock_);
        recording.begin();
        live = job.rows ? job.rows->live() : 0;
        for (const auto& segment : job.segments) {
            live += segment->live();
        }
    }
    const std::size_t size = Segment::size_of(live);
    const Counted counted(building_bytes_, size);
    auto made = std::make_shared<Segment>(Block::of_memory(size), live);
    copy(job.segments, {{job.rows, job.rows ? job.rows->rows() : 0}}, *made);
    made->file(1);
    // 3. In place of what it was made of, which is wiped once the lock is free again.
    Writing writing = recording.catch_up(*made);
    replace(job, std::move(made));
}

// Puts `made` in place of what it was made of, or, without it, the few live rows back into the tail.
void HammingIndex::replace(const Job& job, std::shared_ptr<Segment> made) {
    if (!made) {
        auto tail = std::make_shared<Tail>();
        const auto keep = [&tail](const std::uint64_t* keys, const std::uint8_t* codes, std::size_t rows, const auto& from) {
            for (std::size_t row = 0; row < rows; ++row) {
                if (!from.is_dead(row)) {
                    tail->add(keys + row, codes + row * code_bytes, 1);
                }
            }
        };
        for (const auto& segment : job.segments) {
            keep(segment->keys(), segment->codes(), segment->rows(), *segment);
        }
        if (job.rows) {
            keep(job.rows->keys(), job.rows->codes(), job.rows->rows(), *job.rows);
        }
        keep(tail_->keys(), tail_->codes(), tail_->rows(), *tail_);
        tail_ = std::move(tail);
    }
    if (job.rows == frozen_) {
        frozen_.reset();
    }
    segments_.erase(std::remove_if(segments_.begin(), segments_.end(),
                                   [&job](const auto& each) {
                                       return std::find(job.segments.begin(), job.segments.end(), each) !=
                                              job.segments.end();
                                   }),
                    segments_.end());
    if (made) {
        segments_.push_back(std::move(made));
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const auto& a, const auto& b) { return a->rows() > b->rows(); });
}

// Copies the live rows, the oldest first, letting changes in now and then.
void HammingIndex::copy(const Segments& segments, const TailsSoFar& tails, Segment& to) const {
    std::size_t filled = 0;
    const auto take = [&](const auto& from, std::size_t rows) {
        for (std::size_t first = 0; first < rows; first += copied_at_once) {
            const Reading reading(lock_);
            for (std::size_t row = first; row < std::min(first + copied_at_once, rows); ++row) {
                if (!from.is_dead(row)) {
                    to.keys()[filled] = from.keys()[row];
                    std::copy_n(from.codes() + code_bytes * row, code_bytes, to.codes() + code_bytes * filled);
                    ++filled;
                }
            }
        }
    };
    for (const auto& segment : segments) {
        take(*segment, segment->rows());
    }
    for (const auto& [tail, end] : tails) {
        if (tail) {
            take(*tail, end);
        }
    }
    to.leave_out(filled);
}

// ---- Snapshots ------------------------------------------------------------------------------------------

void HammingIndex::save(const std::string& path, std::uint64_t seq) const {
    const std::lock_guard<std::mutex> building(building_);
    const std::string part = path + ".part";
    const Recording recording(*this);
    // 1. What is here now.
    Segments segments;
    TailsSoFar tails;
    std::size_t live = 0;
    {
        const Writing writing(lock_);
        recording.begin();
        segments = segments_;
        for (const auto& tail : {frozen_, tail_}) {
            tails.emplace_back(tail, tail ? tail->rows() : 0);
            live += tail ? tail->live() : 0;
        }
        for (const auto& segment : segments) {
            live += segment->live();
        }
    }
    unlink(part.c_str());
    try {
        // 2. Copied, filed and signed beside the place where it is to appear.
        const std::size_t size = Segment::size_of(live);
        const Counted counted(building_bytes_, size);
        Segment made(Block::of_new_file(part, size), live);
        copy(segments, tails, made);
        made.file(threads_);
        made.sign(seq, threads_);
        made.block().sync();
        // 3. Without what was removed meanwhile; whole, or not at all.
        const Writing writing = recording.catch_up(made);
        if (std::rename(part.c_str(), path.c_str()) != 0) {
            throw std::system_error(errno, std::generic_category(), path);
        }
    } catch (...) {
        unlink(part.c_str());
        throw;
    }
}

}  // namespace takeback
