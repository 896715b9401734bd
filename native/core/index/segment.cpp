#include "segment.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "parallel.hpp"

namespace takeback {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t alignment = 64;
constexpr char magic[8] = {'T', 'K', 'B', 'K', 'H', 'A', 'M', '\n'};
constexpr std::uint32_t byte_order = 0x01020304U;

// Fewer rows to a bucket cost more offsets than they save halves.
constexpr std::size_t rows_per_bucket = 8;

std::size_t aligned(std::size_t size) { return (size + alignment - 1) / alignment * alignment; }

int shift_for(std::size_t rows) {
    int shift = 0;
    while (shift < max_shift && (rows_per_bucket << (chunk_bits - shift)) > rows) {
        ++shift;
    }
    return shift;
}

constexpr std::size_t halves_in_line = alignment / sizeof(std::uint16_t);

// Rows, and the room that buckets may be moved apart by; none where few fit a line.
std::size_t places_for(std::size_t rows, int shift) {
    const bool fit = rows >> (chunk_bits - shift) <= halves_in_line;
    return fit ? rows + rows / 6 : rows;
}

// Where each part begins.
struct Layout {
    Layout(std::size_t rows, int shift)
        : places(places_for(rows, shift)),
          offsets_stride((std::size_t{1} << (chunk_bits - shift)) + 1),
          halves_stride(aligned((places + halves_padding) * sizeof(std::uint16_t)) / sizeof(std::uint16_t)),
          keys(page_bytes),
          codes(keys + aligned(rows * sizeof(std::uint64_t))),
          dead(codes + aligned(rows * code_bytes)),
          offsets(dead + aligned((rows + 63) / 64 * sizeof(std::uint64_t))),
          halves(offsets + aligned(chunk_count * offsets_stride * sizeof(std::uint32_t))),
          ids(halves + chunk_count * halves_stride * sizeof(std::uint16_t)),
          end(ids + aligned(chunk_count * places * sizeof(std::uint32_t))) {}

    std::size_t places;
    std::size_t offsets_stride;
    std::size_t halves_stride;
    std::size_t keys;
    std::size_t codes;
    std::size_t dead;
    std::size_t offsets;
    std::size_t halves;
    std::size_t ids;
    std::size_t end;
};

// ---- Checksums ------------------------------------------------------------------------------------------
//
// A sum over words of a mixture of word and place: whoever changes one word in place can correct the sum by the
// difference, without reading the others. It finds accidents; against malice stand the file's mode and, where
// a snapshot is stored, its seal.

__extension__ using Wide = unsigned __int128;

std::uint64_t mixed(std::uint64_t word, std::uint64_t place) {
    const Wide product = static_cast<Wide>(word ^ place * 0x9e3779b97f4a7c15U) * 0xd6e8feb86659fd93U;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t sum_of(const std::uint64_t* words, std::size_t first, std::size_t end) {
    std::uint64_t sum = 0;
    for (std::size_t at = first; at < end; ++at) {
        sum += mixed(words[at], at);
    }
    return sum;
}

}  // namespace

// Only `removed` and `contents` change once a snapshot is written.
struct Segment::Header {
    char magic[8];
    std::uint32_t version;
    std::uint32_t byte_order;
    std::uint64_t file_bytes;
    std::uint64_t rows;
    std::uint64_t seq;
    std::uint64_t shift;
    std::uint64_t header;    // sum of the words before
    std::uint64_t contents;  // sum of the words behind the page
    std::uint64_t removed;   // rows whose bit in `dead` is set

    std::uint64_t own_sum() const {
        std::uint64_t words[offsetof(Header, header) / sizeof(std::uint64_t)];
        std::memcpy(words, this, sizeof words);
        return sum_of(words, 0, sizeof words / sizeof words[0]);
    }
};

// A row on its way into a table.
struct Segment::Unfiled {
    std::uint32_t row;
    std::uint16_t own;
    std::uint16_t other;
};

// ---- Making one -----------------------------------------------------------------------------------------

std::size_t Segment::size_of(std::size_t rows) {
    if (rows > max_rows) {
        throw std::length_error("one index holds at most 2^32 - 1 codes; divide them among several");
    }
    return Layout(rows, shift_for(rows)).end;
}

Segment::Segment(Block block, std::size_t rows) : Segment(std::move(block), rows, shift_for(rows)) {
    Header& head = header();
    std::memcpy(head.magic, magic, sizeof magic);
    head.version = snapshot_version;
    head.byte_order = byte_order;
    head.file_bytes = block_.size();
    head.rows = rows_;
    head.shift = static_cast<std::uint64_t>(shift_);
}

Segment::Segment(Block block, std::size_t rows, int shift) : block_(std::move(block)), rows_(rows), shift_(shift) {}

void Segment::leave_out(std::size_t first) {
    for (std::size_t row = first; row < rows_; ++row) {
        keys()[row] = ~std::uint64_t{0};
        dead()[row / 64] |= std::uint64_t{1} << (row % 64);
        header().removed += 1;
    }
}

void Segment::file(unsigned threads) {
    sort_rows();
    // One room for each thread: the system takes longer to hand out fresh memory than we do to fill it.
    const unsigned rooms = std::min<unsigned>(threads, chunk_count);
    in_pieces(rooms, rooms, [this, rooms](std::size_t first) {
        const Block room = Block::of_memory(std::max<std::size_t>(rows_, 1) * sizeof(Unfiled));
        for (std::size_t chunk = first; chunk < chunk_count; chunk += rooms) {
            file_chunk(static_cast<int>(chunk), reinterpret_cast<Unfiled*>(room.data()));
        }
    });
}

// Keys grow with time, and rows come in time's order: mostly there is nothing to do.
void Segment::sort_rows() {
    if (std::is_sorted(keys(), keys() + rows_)) {
        return;
    }
    std::vector<std::uint32_t> order(rows_);
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
        return keys()[a] != keys()[b] ? keys()[a] < keys()[b] : a < b;
    });
    // Each circle of rows that take each other's places. Rows that are left out lie at the end, and stay there.
    for (std::size_t start = 0; start < rows_; ++start) {
        if (order[start] == start) {
            continue;
        }
        const std::uint64_t key = keys()[start];
        std::uint8_t code[code_bytes];
        std::memcpy(code, codes() + code_bytes * start, code_bytes);
        std::size_t place = start;
        while (order[place] != start) {
            const std::size_t from = order[place];
            keys()[place] = keys()[from];
            std::memcpy(codes() + code_bytes * place, codes() + code_bytes * from, code_bytes);
            order[place] = static_cast<std::uint32_t>(place);
            place = from;
        }
        keys()[place] = key;
        std::memcpy(codes() + code_bytes * place, code, code_bytes);
        order[place] = static_cast<std::uint32_t>(place);
        wipe(code, code_bytes);
    }
}

// Turns how many rows each bucket has, counts[bucket + 1], into where it begins. Buckets are moved apart, while
// there is room, so that one which fits a line does not lie across two.
void place_buckets(std::uint32_t* counts, std::size_t buckets, std::size_t room) {
    std::size_t next = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        const std::size_t count = counts[bucket + 1];
        const std::size_t left = halves_in_line - next % halves_in_line;
        if (count > left && count <= halves_in_line && left <= room) {
            next += left;
            room -= left;
        }
        counts[bucket] = static_cast<std::uint32_t>(next);
        next += count;
    }
    counts[buckets] = static_cast<std::uint32_t>(next);
}

// Counts the rows of each bucket, then puts each row behind those before it. Buckets lie all over the memory,
// so rows are first divided among groups of neighbouring buckets, each small enough for a processor's cache.
void Segment::file_chunk(int chunk, Unfiled* entries) {
    constexpr int most_group_bits = 8;
    constexpr std::size_t most_groups = std::size_t{1} << most_group_bits;
    const Layout layout(rows_, shift_);
    std::uint32_t* begins = offsets() + static_cast<std::size_t>(chunk) * layout.offsets_stride;
    std::uint16_t* half = halves() + static_cast<std::size_t>(chunk) * layout.halves_stride;
    std::uint32_t* id = ids() + static_cast<std::size_t>(chunk) * layout.places;
    const std::uint8_t* code = codes();
    const std::uint64_t* dead_bits = dead();
    const auto is_dead = [dead_bits](std::size_t row) { return (dead_bits[row / 64] >> (row % 64) & 1U) != 0; };
    const std::size_t buckets = layout.offsets_stride - 1;
    const int group_shift = std::max(chunk_bits - shift_ - most_group_bits, 0);
    // 1. How many rows each bucket has, and each group of buckets.
    std::uint32_t next_in_group[most_groups + 1] = {};
    for (std::size_t row = 0; row < rows_; ++row) {
        if (!is_dead(row)) {
            const std::size_t bucket = static_cast<std::size_t>(chunk_of(code + code_bytes * row, chunk) >> shift_);
            ++begins[bucket + 1];
            ++next_in_group[(bucket >> group_shift) + 1];
        }
    }
    std::partial_sum(next_in_group, next_in_group + most_groups + 1, next_in_group);
    const std::size_t filed = next_in_group[most_groups];
    place_buckets(begins, buckets, layout.places - rows_);
    // 2. The rows, group by group.
    for (std::size_t row = 0; row < rows_; ++row) {
        if (!is_dead(row)) {
            const std::uint8_t* from = code + code_bytes * row;
            const std::uint16_t own = chunk_of(from, chunk);
            entries[next_in_group[own >> shift_ >> group_shift]++] = {static_cast<std::uint32_t>(row), own,
                                                                      chunk_of(from, other_of_pair(chunk))};
        }
    }
    // 3. Each in its bucket.
    std::fill(id, id + layout.places, gone);
    std::vector<std::uint32_t> next(begins, begins + buckets);
    for (std::size_t at = 0; at < filed; ++at) {
        const std::uint32_t place = next[entries[at].own >> shift_]++;
        half[place] = entries[at].other;
        id[place] = entries[at].row;
    }
}

// ---- Snapshots ------------------------------------------------------------------------------------------

void Segment::sign(std::uint64_t seq, unsigned threads) {
    Header& head = header();
    head.seq = seq;
    head.header = head.own_sum();
    head.contents = contents_sum(threads);
}

std::uint64_t Segment::seq() const { return header().seq; }

std::uint64_t Segment::contents_sum(unsigned threads) const {
    constexpr std::size_t piece_words = std::size_t{1} << 18;
    const auto* words = reinterpret_cast<const std::uint64_t*>(block_.data());
    const std::size_t first = page_bytes / sizeof(std::uint64_t);
    const std::size_t end = block_.size() / sizeof(std::uint64_t);
    std::atomic<std::uint64_t> sum{0};
    in_pieces((end - first + piece_words - 1) / piece_words, threads, [&](std::size_t piece) {
        const std::size_t from = first + piece * piece_words;
        sum += sum_of(words, from, std::min(from + piece_words, end));
    });
    return sum;
}

// Others may remove rows while we add up, so a sum that does not fit is looked at again.
bool Segment::contents_are_whole(unsigned threads) const {
    constexpr int tries = 5;
    constexpr auto pause = std::chrono::milliseconds(5);
    for (int each = 0; each < tries; ++each) {
        if (each > 0) {
            std::this_thread::sleep_for(pause);
        }
        const std::uint64_t before = __atomic_load_n(&header().contents, __ATOMIC_SEQ_CST);
        if (contents_sum(threads) == before) {
            return true;
        }
    }
    return false;
}

Segment Segment::of_snapshot(Block block, unsigned threads) {
    // 1. The header says what this is, and is what was written.
    if (block.size() < page_bytes) {
        throw CorruptSnapshot("it is shorter than a snapshot's header");
    }
    const Header head = *reinterpret_cast<const Header*>(block.data());
    if (std::memcmp(head.magic, magic, sizeof magic) != 0 || head.byte_order != byte_order) {
        throw CorruptSnapshot("it is not a snapshot of an index");
    }
    if (head.version != snapshot_version) {
        throw CorruptSnapshot("it is a snapshot of format " + std::to_string(head.version) + ", and this version reads " +
                              std::to_string(snapshot_version));
    }
    if (head.header != head.own_sum()) {
        throw CorruptSnapshot("its header was changed");
    }
    // 2. Its size is the one that its rows take.
    if (head.rows > max_rows || head.shift > max_shift || head.file_bytes != block.size() ||
        block.size() != Layout(head.rows, static_cast<int>(head.shift)).end) {
        throw CorruptSnapshot("it is cut short, or longer than it was");
    }
    Segment segment(std::move(block), head.rows, static_cast<int>(head.shift));
    // 3. Its contents are what was written, but for what was removed since.
    if (!segment.contents_are_whole(threads)) {
        throw CorruptSnapshot("its contents were changed");
    }
    // 4. No bucket reaches beyond its table: a search trusts that much. Ids are checked as they are read.
    const Layout layout(segment.rows_, segment.shift_);
    for (std::size_t chunk = 0; chunk < chunk_count; ++chunk) {
        const std::uint32_t* begins = segment.offsets() + chunk * layout.offsets_stride;
        if (begins[0] != 0 || begins[layout.offsets_stride - 1] > layout.places ||
            !std::is_sorted(begins, begins + layout.offsets_stride)) {
            throw CorruptSnapshot("its tables are not those of an index");
        }
    }
    return segment;
}

// ---- Removing -------------------------------------------------------------------------------------------

// Puts `value` in place of `size` bytes, inside one word; returns what that adds to the checksum.
std::uint64_t Segment::change(void* place, std::size_t size, std::uint64_t value) {
    const auto offset = static_cast<std::size_t>(static_cast<std::uint8_t*>(place) - block_.data());
    const std::size_t index = offset / sizeof(std::uint64_t);
    auto* word = reinterpret_cast<std::uint64_t*>(block_.data()) + index;
    const std::size_t bits = 8 * (offset % sizeof(std::uint64_t));
    const std::uint64_t mask = (size == sizeof(std::uint64_t) ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * size) - 1)
                               << bits;
    std::uint64_t before = __atomic_load_n(word, __ATOMIC_RELAXED);
    std::uint64_t after;
    do {
        after = (before & ~mask) | (value << bits & mask);
    } while (!__atomic_compare_exchange_n(word, &before, after, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    return mixed(after, index) - mixed(before, index);
}

// Where a row stands in its bucket, whose ids ascend but for those that are gone; null where it is gone too.
std::uint32_t* Segment::place_in_bucket(std::uint32_t* first, std::uint32_t* end, std::uint32_t row) {
    while (first < end) {
        std::uint32_t* middle = first + (end - first) / 2;
        std::uint32_t* there = std::find_if(middle, end, [](std::uint32_t id) { return id != gone; });
        if (there == end || *there > row) {
            end = middle;
        } else if (*there == row) {
            return there;
        } else {
            first = there + 1;
        }
    }
    return nullptr;
}

std::uint64_t Segment::forget_place(int chunk, std::size_t place) {
    const Layout layout(rows_, shift_);
    std::uint32_t* id = ids() + static_cast<std::size_t>(chunk) * layout.places + place;
    std::uint16_t* half = halves() + static_cast<std::size_t>(chunk) * layout.halves_stride + place;
    return change(id, sizeof *id, gone) + change(half, sizeof *half, 0);
}

std::uint64_t Segment::forget_in_chunk(int chunk, const std::uint8_t* code, std::size_t row) {
    const Layout layout(rows_, shift_);
    const std::uint32_t* begins = offsets() + static_cast<std::size_t>(chunk) * layout.offsets_stride;
    const std::size_t bucket = static_cast<std::size_t>(chunk_of(code, chunk) >> shift_);
    std::uint32_t* id = ids() + static_cast<std::size_t>(chunk) * layout.places;
    const std::uint32_t* found = place_in_bucket(id + begins[bucket], id + begins[bucket + 1], static_cast<std::uint32_t>(row));
    return found == nullptr ? 0 : forget_place(chunk, static_cast<std::size_t>(found - id));
}

// The row is dead from here on, which a search asks last; returns what that adds to the checksum, 0 where it was.
std::uint64_t Segment::mark_dead(std::size_t row) {
    std::uint64_t* bits = dead() + row / 64;
    const std::uint64_t bit = std::uint64_t{1} << (row % 64);
    const std::uint64_t before = __atomic_fetch_or(bits, bit, __ATOMIC_SEQ_CST);
    if ((before & bit) != 0) {
        return 0;
    }
    __atomic_fetch_add(&header().removed, 1, __ATOMIC_SEQ_CST);
    const auto index = static_cast<std::size_t>(bits - reinterpret_cast<std::uint64_t*>(block_.data()));
    return mixed(before | bit, index) - mixed(before, index);
}

std::uint64_t Segment::erase_code(std::size_t row) {
    std::uint64_t difference = 0;
    for (std::size_t word = 0; word < code_bytes; word += sizeof(std::uint64_t)) {
        difference += change(codes() + code_bytes * row + word, sizeof(std::uint64_t), 0);
    }
    return difference;
}

void Segment::remove_row(std::size_t row) {
    std::uint8_t code[code_bytes];
    std::memcpy(code, codes() + code_bytes * row, code_bytes);
    std::uint64_t difference = mark_dead(row);
    // Its places in the tables tell its code, so they go, and last the code: whoever removed this row before us
    // may have been stopped in the middle, and then we can still find what is left of it.
    for (int chunk = 0; chunk < chunk_count; ++chunk) {
        difference += forget_in_chunk(chunk, code, row);
    }
    difference += erase_code(row);
    add_to_sum(difference);
    wipe(code, sizeof code);
}

void Segment::kill_row(std::size_t row) { add_to_sum(mark_dead(row) + erase_code(row)); }

void Segment::sweep(std::size_t first, std::size_t end) {
    const std::size_t per_chunk = filed().places;
    std::uint64_t difference = 0;
    for (std::size_t place = first; place < end; ++place) {
        const std::uint32_t row = ids()[place];
        if (row < rows_ && is_dead(row)) {
            difference += forget_place(static_cast<int>(place / per_chunk), place % per_chunk);
        }
    }
    add_to_sum(difference);
}

void Segment::add_to_sum(std::uint64_t difference) {
    __atomic_fetch_add(&header().contents, difference, __ATOMIC_SEQ_CST);
}

// ---- Reading --------------------------------------------------------------------------------------------

Segment::Header& Segment::header() const { return *reinterpret_cast<Header*>(block_.data()); }

std::uint64_t* Segment::keys() const { return reinterpret_cast<std::uint64_t*>(block_.data() + page_bytes); }

std::uint8_t* Segment::codes() const { return block_.data() + Layout(rows_, shift_).codes; }

std::uint64_t* Segment::dead() const {
    return reinterpret_cast<std::uint64_t*>(block_.data() + Layout(rows_, shift_).dead);
}

std::uint32_t* Segment::offsets() const {
    return reinterpret_cast<std::uint32_t*>(block_.data() + Layout(rows_, shift_).offsets);
}

std::uint16_t* Segment::halves() const {
    return reinterpret_cast<std::uint16_t*>(block_.data() + Layout(rows_, shift_).halves);
}

std::uint32_t* Segment::ids() const {
    return reinterpret_cast<std::uint32_t*>(block_.data() + Layout(rows_, shift_).ids);
}

std::size_t Segment::live() const { return rows_ - __atomic_load_n(&header().removed, __ATOMIC_SEQ_CST); }

bool Segment::is_dead(std::size_t row) const { return (dead()[row / 64] >> (row % 64) & 1U) != 0; }

std::pair<std::size_t, std::size_t> Segment::rows_of(std::uint64_t key) const {
    const auto range = std::equal_range(keys(), keys() + rows_, key);
    return {static_cast<std::size_t>(range.first - keys()), static_cast<std::size_t>(range.second - keys())};
}

Filed Segment::filed() const {
    const Layout layout(rows_, shift_);
    return {codes(), dead(), rows_, shift_, offsets(), layout.offsets_stride, halves(), layout.halves_stride, ids(),
            layout.places};
}

}  // namespace takeback
