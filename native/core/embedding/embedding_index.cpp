#include "embedding_index.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <utility>

#include "index/parallel.hpp"

namespace takeback {
namespace {

// A new page has room for a quarter of what is there, so that at most a fifth stands empty.
constexpr std::size_t least_page_rows = 64;
constexpr std::size_t most_page_rows = 16384;
// Rows that are compared before what they gave is looked at: their products stay in the nearest cache.
constexpr std::size_t block_rows = 256;
// Queries that are answered under one lock, while each block of rows is at hand.
constexpr std::size_t queries_at_once = 8;
// Fewer products than this are not worth a second thread: 2^15 take a tenth of a millisecond.
constexpr std::size_t products_per_thread = std::size_t{1} << 15;
// By how much a squared cosine that is worked out in float may be too small, and more.
constexpr float slack = 1e-5F;

std::int32_t square_of(const std::int8_t* values) {
    std::int32_t sum = 0;
    for (std::size_t at = 0; at < embedding_values; ++at) {
        sum += values[at] * values[at];
    }
    return sum;
}

std::int32_t lift_of(const std::int8_t* values) {
    std::int32_t sum = 0;
    for (std::size_t at = 0; at < embedding_values; ++at) {
        sum += values[at];
    }
    return row_lift * sum;
}

float cosine(std::int32_t dot, std::int32_t square, std::int32_t other) {
    if (square == 0 || other == 0) {
        return 0.0F;
    }
    // The product is below 2^53, so only the root, the quotient and the float round.
    return static_cast<float>(dot / std::sqrt(static_cast<double>(square) * static_cast<double>(other)));
}

float signed_square(float value) { return value * std::abs(value); }

// Sorted keys, and a bit for each hash of one, so that most others are told by one look.
class KeySet {
public:
    KeySet(const std::uint64_t* keys, std::size_t count) : sorted_(keys, keys + count), bits_(bit_count / 64) {
        std::sort(sorted_.begin(), sorted_.end());
        for (const std::uint64_t key : sorted_) {
            bits_[bit_of(key) / 64] |= std::uint64_t{1} << (bit_of(key) % 64);
        }
    }
    bool has(std::uint64_t key) const {
        return (bits_[bit_of(key) / 64] >> (bit_of(key) % 64) & 1U) != 0 &&
               std::binary_search(sorted_.begin(), sorted_.end(), key);
    }

private:
    static constexpr std::size_t bit_count = std::size_t{1} << 16;
    static std::size_t bit_of(std::uint64_t key) { return (key * 0x9e3779b97f4a7c15U) >> 48; }

    std::vector<std::uint64_t> sorted_;
    std::vector<std::uint64_t> bits_;
};

}  // namespace

// ---- Pages ----------------------------------------------------------------------------------------------

EmbeddingIndex::Page::Page(std::size_t capacity)
    : capacity_(capacity),
      memory_(Block::of_memory(capacity * (embedding_values + sizeof(std::uint64_t) + sizeof(std::int32_t)))) {}

void EmbeddingIndex::Page::put(std::uint64_t key, const std::int8_t* values) {
    std::uint8_t* stored = row(rows);
    for (std::size_t at = 0; at < embedding_values; ++at) {
        stored[at] = static_cast<std::uint8_t>(values[at] + row_lift);
    }
    keys()[rows] = key;
    squares()[rows] = square_of(values);
    ++rows;
}

void EmbeddingIndex::make_room(std::size_t count) {
    const std::size_t before = pages_.size();
    std::size_t room = pages_.empty() ? 0 : pages_.back().room();
    try {
        for (std::size_t rows = size_ + room; room < count;) {
            const std::size_t capacity = std::clamp(rows / 4 / 64 * 64, least_page_rows, most_page_rows);
            pages_.emplace_back(capacity);
            room += capacity;
            rows += capacity;
        }
    } catch (...) {
        pages_.erase(pages_.begin() + static_cast<std::ptrdiff_t>(before), pages_.end());
        throw;
    }
}

// ---- Changes --------------------------------------------------------------------------------------------

EmbeddingIndex::EmbeddingIndex(unsigned threads) : threads_(thread_count(threads)) {}

void EmbeddingIndex::add(const std::uint64_t* keys, const std::int8_t* values, std::size_t count) {
    const Writing held(lock_);
    const std::size_t last = pages_.empty() ? 0 : pages_.size() - 1;
    make_room(count);
    auto page = pages_.begin() + static_cast<std::ptrdiff_t>(last);
    for (std::size_t at = 0; at < count; ++at) {
        while (page->room() == 0) {
            ++page;
        }
        page->put(keys[at], values + embedding_values * at);
    }
    size_ += count;
}

void EmbeddingIndex::drop_last_into(Page& page, std::size_t row) {
    Page& last = pages_.back();
    const std::size_t from = --last.rows;
    page.keys()[row] = last.keys()[from];
    page.squares()[row] = last.squares()[from];
    std::memmove(page.row(row), last.row(from), embedding_values);
    last.keys()[from] = 0;
    last.squares()[from] = 0;
    wipe(last.row(from), embedding_values);
    --size_;
}

void EmbeddingIndex::remove(const std::uint64_t* keys, std::size_t count) {
    const KeySet gone(keys, count);
    const Writing held(lock_);
    for (std::size_t at = 0; at < pages_.size(); ++at) {
        for (std::size_t row = 0; at < pages_.size() && row < pages_[at].rows;) {
            if (!gone.has(pages_[at].keys()[row])) {
                ++row;
                continue;
            }
            drop_last_into(pages_[at], row);
            if (pages_.back().rows == 0) {
                pages_.pop_back();
            }
        }
    }
}

void EmbeddingIndex::contains(const std::uint64_t* keys, std::size_t count, std::uint8_t* out) const {
    const KeySet asked(keys, count);
    std::vector<std::uint64_t> here;
    {
        const Reading held(lock_);
        for (const Page& page : pages_) {
            std::copy_if(page.keys(), page.keys() + page.rows, std::back_inserter(here),
                         [&](std::uint64_t key) { return asked.has(key); });
        }
    }
    const KeySet found(here.data(), here.size());
    std::transform(keys, keys + count, out, [&](std::uint64_t key) { return found.has(key) ? 1 : 0; });
}

std::size_t EmbeddingIndex::size() const {
    const Reading held(lock_);
    return size_;
}

std::size_t EmbeddingIndex::nbytes() const {
    const Reading held(lock_);
    std::size_t bytes = 0;
    for (const Page& page : pages_) {
        bytes += page.nbytes();
    }
    return bytes;
}

// ---- Searching ------------------------------------------------------------------------------------------

struct EmbeddingIndex::Question {
    const std::int8_t* queries;
    std::size_t first;  // the number of the first of them
    std::size_t count;
    float at_least;
};

void EmbeddingIndex::search_page(const Page& page, const Question& asked, std::vector<Found>& found) const {
    const DotLoop dots = dot_loop();
    std::int32_t products[query_group * block_rows];
    std::int32_t squares[queries_at_once];
    std::int32_t lifts[queries_at_once];
    for (std::size_t query = 0; query < asked.count; ++query) {
        squares[query] = square_of(asked.queries + embedding_values * query);
        lifts[query] = lift_of(asked.queries + embedding_values * query);
    }
    for (std::size_t start = 0; start < page.rows; start += block_rows) {
        const std::size_t rows = std::min(block_rows, page.rows - start);
        const std::int32_t* row_squares = page.squares() + start;
        for (std::size_t group = 0; group < asked.count; group += query_group) {
            const std::size_t queries = std::min(query_group, asked.count - group);
            dots(page.row(start), rows, asked.queries + embedding_values * group, queries, products);
            for (std::size_t query = group; query < group + queries; ++query) {
                const std::int32_t* lifted = products + (query - group) * rows;
                // 1. In float, and generously: whether any of the block can be near enough.
                const float bound = (signed_square(asked.at_least) - slack) * static_cast<float>(squares[query]);
                int any = 0;
                for (std::size_t row = 0; row < rows; ++row) {
                    const float dot = static_cast<float>(lifted[row] - lifts[query]);
                    any |= dot * std::abs(dot) >= bound * static_cast<float>(row_squares[row]) ? 1 : 0;
                }
                // 2. Exactly, where one can.
                for (std::size_t row = 0; any != 0 && row < rows; ++row) {
                    const float near = cosine(lifted[row] - lifts[query], squares[query], row_squares[row]);
                    if (near >= asked.at_least) {
                        found.push_back({static_cast<std::int64_t>(asked.first + query), page.keys()[start + row], near});
                    }
                }
            }
        }
    }
}

SimilarNeighbors EmbeddingIndex::search(const std::int8_t* queries, std::size_t count, float at_least) const {
    std::vector<Found> all;
    std::mutex guard;
    for (std::size_t first = 0; first < count; first += queries_at_once) {
        const Question asked{queries + embedding_values * first, first, std::min(queries_at_once, count - first),
                             at_least};
        const Reading held(lock_);
        const std::size_t worth = 1 + size_ * asked.count / products_per_thread;
        const auto threads = static_cast<unsigned>(std::min<std::size_t>(threads_, worth));
        in_pieces(pages_.size(), threads, [&](std::size_t page) {
            std::vector<Found> found;
            search_page(pages_[page], asked, found);
            const std::lock_guard<std::mutex> turn(guard);
            all.insert(all.end(), found.begin(), found.end());
        });
    }
    std::sort(all.begin(), all.end(), [](const Found& a, const Found& b) {
        return a.query != b.query           ? a.query < b.query
               : a.similarity != b.similarity ? a.similarity > b.similarity
                                              : a.key < b.key;
    });
    SimilarNeighbors found;
    for (const Found& each : all) {
        found.query.push_back(each.query);
        found.key.push_back(each.key);
        found.similarity.push_back(each.similarity);
    }
    return found;
}

}  // namespace takeback
