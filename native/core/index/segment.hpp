// Rows of keys and codes, sorted by key, and each row filed under its sixteen chunks. Nothing is ever added to
// a segment; a row can be removed from it in place.
//
// What lies in memory is what lies in a snapshot file, so a file is used as soon as it is mapped, and
// processes that map the same one share its memory:
//
//   header   one page: what is here, how many rows were removed, two checksums
//   keys     uint64 [rows], ascending
//   codes    uint8 [rows][32]
//   dead     a bit for each row that was removed
//   offsets  uint32 [16][buckets + 1]   for each chunk: where each bucket begins
//   halves   uint16 [16][places + 32 or more]   bucket by bucket: the other half of the pair
//   ids      uint32 [16][places]        bucket by bucket: the row; 0xffffffff where none is, or it was removed
//
// A bucket that fits one line of memory does not lie across two if the room between buckets allows it: a sixth of
// the rows where buckets are that small. All little-endian, each part on a 64-byte boundary. 137 to 157 bytes a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "block.hpp"
#include "codes.hpp"
#include "search.hpp"

namespace takeback {

constexpr std::uint32_t snapshot_version = 1;

// A file that is no whole, unchanged snapshot.
struct CorruptSnapshot : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class Segment {
public:
    // An id that names no row.
    static constexpr std::uint32_t gone = 0xffffffffU;
    static constexpr std::size_t max_rows = gone;

    // How many bytes a segment of so many rows takes. std::length_error above max_rows.
    static std::size_t size_of(std::size_t rows);

    // An empty frame of `rows` rows in zeroed memory of size_of(rows) bytes. Put keys and codes in, then file.
    Segment(Block block, std::size_t rows);

    // A snapshot; every byte of it is checked. CorruptSnapshot.
    static Segment of_snapshot(Block block, unsigned threads);

    std::uint64_t* keys() const;
    std::uint8_t* codes() const;
    std::size_t rows() const { return rows_; }
    std::size_t live() const;
    std::size_t nbytes() const { return block_.size(); }
    bool is_dead(std::size_t row) const;

    // Rows first .. end - 1 were not needed after all; before `file`.
    void leave_out(std::size_t first);

    // Sorts the rows by key where they are not, and files them.
    void file(unsigned threads);

    // Makes a filed segment a snapshot: its number, its checksums.
    void sign(std::uint64_t seq, unsigned threads);
    std::uint64_t seq() const;
    const Block& block() const { return block_; }

    // First row of a key, and the row after its last.
    std::pair<std::size_t, std::size_t> rows_of(std::uint64_t key) const;

    // Erases a row: its code, and its place in every table. Others may map the same file and search it meanwhile:
    // they find every other row all the time. Two may remove one row, and the checksum stays right.
    void remove_row(std::size_t row);

    // The same in two steps, for very many rows: `kill_row` for each, which ends their being found, then `sweep`
    // over every place of the tables, 0 .. places() - 1, in any pieces.
    void kill_row(std::size_t row);
    void sweep(std::size_t first, std::size_t end);
    std::size_t places() const { return chunk_count * filed().places; }

    Filed filed() const;

private:
    struct Header;
    struct Unfiled;

    Segment(Block block, std::size_t rows, int shift);

    Header& header() const;
    std::uint64_t* dead() const;
    std::uint32_t* offsets() const;
    std::uint16_t* halves() const;
    std::uint32_t* ids() const;
    std::uint64_t contents_sum(unsigned threads) const;
    bool contents_are_whole(unsigned threads) const;
    void sort_rows();
    void file_chunk(int chunk, Unfiled* room);
    // Each returns what it adds to the checksum.
    std::uint64_t change(void* place, std::size_t size, std::uint64_t value);
    std::uint64_t mark_dead(std::size_t row);
    std::uint64_t erase_code(std::size_t row);
    std::uint64_t forget_place(int chunk, std::size_t place);
    std::uint64_t forget_in_chunk(int chunk, const std::uint8_t* code, std::size_t row);
    void add_to_sum(std::uint64_t difference);
    static std::uint32_t* place_in_bucket(std::uint32_t* first, std::uint32_t* end, std::uint32_t row);

    Block block_;
    std::size_t rows_ = 0;
    int shift_ = 0;
};

}  // namespace takeback
