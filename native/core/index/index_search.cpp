// The reading half of HammingIndex: which segments are searched by their tables, and who does it.
#include <algorithm>
#include <memory>
#include <numeric>
#include <tuple>

#include "index.hpp"
#include "parallel.hpp"
#include "plan.hpp"
#include "search.hpp"

namespace takeback {
namespace {

// A bucket costs about as much as so many rows of a scan: two cache lines that lie anywhere.
constexpr std::size_t rows_per_bucket_visit = 12;
// Queries that one thread takes at a time, and from which on others help.
constexpr std::size_t queries_per_piece = 16;
// Rows that one thread scans at a time for a single query.
constexpr std::size_t rows_per_piece = std::size_t{1} << 19;

struct Hit {
    std::int32_t distance;
    std::uint64_t key;

    bool operator<(const Hit& other) const { return std::tie(distance, key) < std::tie(other.distance, other.key); }
};

// What one thread needs for one query after the other.
struct Scratch {
    std::vector<Hit> hits;
    const std::uint64_t* keys = nullptr;
    std::unique_ptr<std::uint32_t[]> survivors;
    std::size_t room = 0;

    // By distance, then key. Many hits come mostly by key, so they are dealt out by distance first, in their order.
    void sort() {
        constexpr std::size_t many = 512;
        if (hits.size() < many) {
            std::sort(hits.begin(), hits.end());
            return;
        }
        std::size_t ends[code_bits + 2] = {};
        for (const Hit& hit : hits) {
            ++ends[hit.distance + 1];
        }
        std::partial_sum(ends, ends + code_bits + 2, ends);
        std::vector<Hit> dealt(hits.size());
        for (const Hit& hit : hits) {
            dealt[ends[hit.distance]++] = hit;
        }
        if (!std::is_sorted(dealt.begin(), dealt.end())) {
            std::sort(dealt.begin(), dealt.end());
        }
        hits.swap(dealt);
    }

    std::uint32_t* survivors_for(std::size_t rows) {
        if (room < survivor_room(rows)) {
            room = survivor_room(rows);
            survivors.reset(new std::uint32_t[room]);
        }
        return survivors.get();
    }

    Sink sink() {
        return {[](void* self, std::size_t row, int distance) {
                    auto* scratch = static_cast<Scratch*>(self);
                    scratch->hits.push_back({distance, scratch->keys[row]});
                },
                this};
    }
};

Scratch& scratch_of_thread() {
    static thread_local Scratch scratch;
    return scratch;
}

void scan(const Filed& filed, const std::uint8_t* query, int radius, unsigned threads, Scratch& scratch) {
    const SearchLoops& loops = search_loops();
    const std::size_t pieces = (filed.rows + rows_per_piece - 1) / rows_per_piece;
    if (threads == 1 || pieces < 2) {
        loops.scan(filed, 0, filed.rows, query, radius, scratch.sink());
        return;
    }
    std::vector<Scratch> parts(pieces);
    in_pieces(pieces, threads, [&](std::size_t piece) {
        parts[piece].keys = scratch.keys;
        loops.scan(filed, piece * rows_per_piece, std::min((piece + 1) * rows_per_piece, filed.rows), query, radius,
                   parts[piece].sink());
    });
    for (const Scratch& part : parts) {
        scratch.hits.insert(scratch.hits.end(), part.hits.begin(), part.hits.end());
    }
}

void search_segment(const Segment& segment, const std::uint8_t* query, int radius, unsigned threads, Scratch& scratch) {
    const Filed filed = segment.filed();
    scratch.keys = segment.keys();
    if (radius <= max_table_radius) {
        const Plan plan = plan_of(radius, filed.shift);
        const auto buckets = static_cast<std::size_t>(plan.visits);
        if (filed.rows > rows_per_bucket_visit * buckets &&
            search_loops().visit(filed, plan, query, radius, scratch.survivors_for(filed.rows), scratch.sink())) {
            return;
        }
    }
    scan(filed, query, radius, threads, scratch);
}

void append(Neighbors& all, std::size_t query, const std::vector<Hit>& hits) {
    if (hits.size() > all.key.capacity() - all.key.size()) {
        const std::size_t room = std::max(all.key.size() + hits.size(), 2 * all.key.size());
        all.query.reserve(room);
        all.key.reserve(room);
        all.distance.reserve(room);
    }
    for (const Hit& hit : hits) {
        all.query.push_back(static_cast<std::int64_t>(query));
        all.key.push_back(hit.key);
        all.distance.push_back(hit.distance);
    }
}

template <class Value>
void append(std::vector<Value>& all, const std::vector<Value>& part) {
    all.insert(all.end(), part.begin(), part.end());
}

}  // namespace

Neighbors HammingIndex::search(const std::uint8_t* queries, std::size_t count, int radius) const {
    const auto search_some = [&](std::size_t first, std::size_t end, unsigned scan_threads, Neighbors& found) {
        Scratch& scratch = scratch_of_thread();
        for (std::size_t query = first; query < end; ++query) {
            const std::uint8_t* code = queries + code_bytes * query;
            scratch.hits.clear();
            {
                const Reading reading(lock_);
                for (const auto& segment : segments_) {
                    search_segment(*segment, code, radius, scan_threads, scratch);
                }
                for (const auto& tail : tails_) {
                    if (tail->rows() > 0) {
                        scratch.keys = tail->keys();
                        scan(tail->filed(), code, radius, scan_threads, scratch);
                    }
                }
            }
            scratch.sort();
            append(found, query, scratch.hits);
        }
    };
    Neighbors found;
    const std::size_t pieces = (count + queries_per_piece - 1) / queries_per_piece;
    if (pieces < 2 || threads_ == 1) {
        search_some(0, count, threads_, found);
        return found;
    }
    std::vector<Neighbors> parts(pieces);
    in_pieces(pieces, threads_, [&](std::size_t piece) {
        search_some(piece * queries_per_piece, std::min((piece + 1) * queries_per_piece, count), 1, parts[piece]);
    });
    for (const Neighbors& part : parts) {
        append(found.query, part.query);
        append(found.key, part.key);
        append(found.distance, part.distance);
    }
    return found;
}

}  // namespace takeback
