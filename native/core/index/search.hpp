// The hot loops of a search, one set for each level.
//
// Plain data only: a file that is compiled for one level must not share inline functions with the others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codes.hpp"
#include "level.hpp"
#include "plan.hpp"

namespace takeback {

// Rows of keys and codes, and, where there are tables, each row filed under its sixteen chunks.
struct Filed {
    const std::uint8_t* codes;     // [rows][32]
    const std::uint64_t* dead;     // a bit for each row that was removed; null where none can be
    std::size_t rows;
    int shift;
    const std::uint32_t* offsets;  // [16][buckets + 1]: the place where each bucket begins
    std::size_t offsets_stride;
    const std::uint16_t* halves;   // [16][halves_stride]: the other half of the pair, bucket by bucket
    std::size_t halves_stride;     // at least places + halves_padding
    const std::uint32_t* ids;      // [16][places]: the row; `rows` or more where none is, or it was removed
    std::size_t places;            // rows, and room between buckets
};

// Vectors are read whole, beyond the last half.
constexpr std::size_t halves_padding = 32;

// Takes each row within the radius.
struct Sink {
    void (*take)(void* self, std::size_t row, int distance);
    void* self;
};

struct SearchLoops {
    // Compares the query with rows first .. end of `filed`, tables or none.
    void (*scan)(const Filed& filed, std::size_t first, std::size_t end, const std::uint8_t* query, int radius,
                 const Sink& sink);

    // Visits the buckets of `plan`. False, having taken nothing, where that would cost more than a scan, as it
    // does where most codes lie near the query. `survivors` has room for survivor_room(rows) numbers.
    bool (*visit)(const Filed& filed, const Plan& plan, const std::uint8_t* query, int radius,
                  std::uint32_t* survivors, const Sink& sink);
};

// A survivor of the halves costs about ten times what a row of a scan does (its number and its code lie
// anywhere), and a half a fifteenth.
constexpr std::size_t rows_per_survivor = 16;
constexpr std::size_t halves_per_row = 8;

static inline std::size_t max_survivors(std::size_t rows) { return rows / rows_per_survivor + 64; }

// Halves that are looked at before the survivors are counted again.
constexpr std::uint32_t pass_block = 1024;

static inline std::size_t survivor_room(std::size_t rows) { return max_survivors(rows) + pass_block; }

const SearchLoops& search_loops();

}  // namespace takeback
