#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>

#include "index.hpp"
#include "index_parts.hpp"

namespace takeback {
namespace {

// A segment is merged with what is newer once that is a sixteenth of it: each row is then moved about sixteen
// times on its way into a segment sixteen times as large.
constexpr std::size_t merge_ratio = 16;
constexpr std::size_t max_segments = 6;
// Up to here a merge takes two or three milliseconds, and a thread is not worth it.
constexpr std::size_t inline_rows = 8 * tail_rows;
// A segment is rebuilt without its removed rows once they are a quarter of it.
constexpr std::size_t max_dead_share = 4;
// Rows that are copied without letting others in: a tenth of a millisecond, most of it for fresh memory.
constexpr std::size_t copied_at_once = std::size_t{1} << 11;

bool is_full(const std::shared_ptr<Tail>& tail) { return tail->rows() >= tail_rows; }

bool is_wasteful(const Segment& segment) { return (segment.rows() - segment.live()) * max_dead_share > segment.rows(); }

void remove_from(Segment& segment, const std::vector<std::uint64_t>& keys) {
    if (keys.size() < swept_from) {
        each_row_of(segment, keys, [&segment](std::size_t row) { segment.remove_row(row); });
        return;
    }
    each_row_of(segment, keys, [&segment](std::size_t row) { segment.kill_row(row); });
    segment.sweep(0, segment.places());
}

}  // namespace

std::size_t HammingIndex::Job::live() const {
    std::size_t live = 0;
    for (const auto& tail : tails) {
        live += tail->live();
    }
    for (const auto& segment : segments) {
        live += segment->live();
    }
    return live;
}

std::size_t HammingIndex::Job::begin() {
    ends.clear();
    for (const auto& tail : tails) {
        ends.push_back(tail->rows());
    }
    return live();
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
        if (job.is_empty()) {
            return;
        }
        merging_ = true;
        work = job.live();
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

// Where memory is short, or a segment would be too large, everything stays as it is; the next change tries again.
void HammingIndex::merge_all_due() {
    for (;;) {
        const std::lock_guard<std::mutex> building(building_);
        Job job;
        {
            const Writing writing(lock_);
            job = due_job();
            if (closing_ || job.is_empty()) {
                merging_ = false;
                return;
            }
            if (!job.tails.empty() && job.tails.back() == tails_.back()) {
                tails_.push_back(std::make_shared<Tail>());
            }
        }
        try {
            merge(job);
        } catch (const std::exception&) {
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
    if (std::any_of(tails_.begin(), tails_.end(), is_full)) {
        job.tails.assign(tails_.begin(), is_full(tails_.back()) ? tails_.end() : tails_.end() - 1);
        std::size_t live = job.live();
        for (auto each = segments_.rbegin(); each != segments_.rend() && (*each)->live() <= merge_ratio * live; ++each) {
            job.segments.push_back(*each);
            live += (*each)->live();
        }
        std::reverse(job.segments.begin(), job.segments.end());
        return job;
    }
    // 2. What has lost many of its rows.
    for (const auto& segment : segments_) {
        if (is_wasteful(*segment)) {
            job.segments.push_back(segment);
            return job;
        }
    }
    // 3. The smaller half of too many.
    if (segments_.size() > max_segments) {
        job.segments.assign(segments_.begin() + max_segments / 2, segments_.end());
    }
    return job;
}

void HammingIndex::merge(Job& job) {
    // 1. A handful of rows is no segment.
    {
        const Writing writing(lock_);
        if (job.live() <= tail_rows / 2) {
            replace(job, nullptr);
            return;
        }
    }
    // 2. Copied and filed while others search and change.
    const Recording recording(*this);
    std::size_t live = 0;
    {
        const Writing writing(lock_);
        recording.begin();
        live = job.begin();
    }
    const std::size_t size = Segment::size_of(live);
    const Counted counted(building_bytes_, size);
    auto made = std::make_shared<Segment>(Block::of_memory(size), live);
    copy(job, *made);
    made->file(1);
    // 3. In place of what it was made of, which is wiped once the lock is free again.
    Writing writing = recording.catch_up(*made);
    replace(job, std::move(made));
}

// Puts `made` in place of what it was made of, or, without it, the few live rows back into the tail.
void HammingIndex::replace(const Job& job, std::shared_ptr<Segment> made) {
    if (!made) {
        auto kept = std::make_shared<Tail>();
        const auto keep = [&kept](const auto& from) {
            for (std::size_t row = 0; row < from.rows(); ++row) {
                if (!from.is_dead(row)) {
                    kept->add(from.keys() + row, from.codes() + row * code_bytes, 1);
                }
            }
        };
        for (const auto& segment : job.segments) {
            keep(*segment);
        }
        for (const auto& tail : job.tails) {
            keep(*tail);
        }
        tails_.insert(tails_.begin(), std::move(kept));
    }
    tails_.erase(std::remove_if(tails_.begin(), tails_.end(),
                                [&job](const auto& each) {
                                    return std::find(job.tails.begin(), job.tails.end(), each) != job.tails.end();
                                }),
                 tails_.end());
    segments_.erase(std::remove_if(segments_.begin(), segments_.end(),
                                   [&job](const auto& each) {
                                       return std::find(job.segments.begin(), job.segments.end(), each) !=
                                              job.segments.end();
                                   }),
                    segments_.end());
    if (made) {
        segments_.push_back(std::move(made));
    }
    sort_by_size(segments_);
}

// Copies the live rows, the oldest first, letting changes in now and then.
void HammingIndex::copy(const Job& job, Segment& to) const {
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
    for (const auto& segment : job.segments) {
        take(*segment, segment->rows());
    }
    for (std::size_t tail = 0; tail < job.tails.size(); ++tail) {
        take(*job.tails[tail], job.ends[tail]);
    }
    to.leave_out(filled);
}

// ---- Snapshots ------------------------------------------------------------------------------------------

void HammingIndex::save(const std::string& path, std::uint64_t seq) const {
    const std::lock_guard<std::mutex> building(building_);
    const std::string part = path + ".part";
    const Recording recording(*this);
    // 1. What is here now.
    Job all;
    std::size_t live = 0;
    {
        const Writing writing(lock_);
        recording.begin();
        all.segments = segments_;
        all.tails = tails_;
        live = all.begin();
    }
    unlink(part.c_str());
    try {
        // 2. Copied, filed and signed beside the place where it is to appear.
        const std::size_t size = Segment::size_of(live);
        const Counted counted(building_bytes_, size);
        Segment made(Block::of_new_file(part, size), live);
        copy(all, made);
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
