// A search at one level. Included, inside namespace takeback and an unnamed one, by search_<level>.cpp, which
// has defined before:
//
//   int distance_of(const std::uint8_t* a, const std::uint8_t* b)      differing bits of two codes
//   std::uint32_t pass(const std::uint16_t* halves, std::uint32_t first, std::uint32_t end, std::uint16_t wanted,
//                      int limit, std::uint32_t* out)
//       writes the positions in first .. end whose half is within `limit` bits, and returns how many;
//       end - first <= pass_block
//   void near_in(const std::uint8_t* codes, std::size_t rows, const std::uint8_t* query, int radius, Near& near)
//       the same of whole codes; rows <= near_block

bool is_dead(const Filed& filed, std::size_t row) {
    return filed.dead != nullptr && (filed.dead[row / 64] >> (row % 64) & 1U) != 0;
}

// Whether a bucket of an earlier chunk than `chunk` shows this code too: it was taken there.
bool seen_before(const Plan& plan, int shift, int chunk, const std::uint8_t* query, const std::uint8_t* code) {
    int apart[chunk_count];
    for (int each = 0; each <= other_of_pair(chunk) || each <= chunk; ++each) {
        apart[each] = chunk_of(query, each) ^ chunk_of(code, each);
    }
    for (int earlier = 0; earlier < chunk; ++earlier) {
        const Plan::Chunk& asked = plan.chunks[earlier];
        const int m = __builtin_popcount(static_cast<unsigned>(apart[earlier] >> shift));
        if (m <= asked.flips &&
            m + __builtin_popcount(static_cast<unsigned>(apart[other_of_pair(earlier)])) <= asked.share) {
            return true;
        }
    }
    return false;
}

struct Range {
    std::uint32_t first;
    std::uint32_t end;
};

// Five passes over all chunks, so that the memory which one needs is on its way while another is worked on.
bool visit_level(const Filed& filed, const Plan& plan, const std::uint8_t* query, int radius,
                 std::uint32_t* survivors, const Sink& sink) {
    Range ranges[chunk_count][max_masks];  // 17 KiB
    // 1. Where the buckets begin.
    for (int chunk = 0; chunk < chunk_count; ++chunk) {
        const std::uint32_t* offsets = filed.offsets + static_cast<std::size_t>(chunk) * filed.offsets_stride;
        const unsigned own = chunk_of(query, chunk);
        for (int visit = 0; visit < plan.chunks[chunk].visits; ++visit) {
            __builtin_prefetch(offsets + ((own ^ plan.masks[visit]) >> filed.shift));
        }
    }
    // 2. Their halves; how many there are.
    std::size_t total = 0;
    for (int chunk = 0; chunk < chunk_count; ++chunk) {
        const std::uint32_t* offsets = filed.offsets + static_cast<std::size_t>(chunk) * filed.offsets_stride;
        const std::uint16_t* halves = filed.halves + static_cast<std::size_t>(chunk) * filed.halves_stride;
        const unsigned own = chunk_of(query, chunk);
        for (int visit = 0; visit < plan.chunks[chunk].visits; ++visit) {
            const unsigned bucket = (own ^ plan.masks[visit]) >> filed.shift;
            const Range range{offsets[bucket], offsets[bucket + 1]};
            ranges[chunk][visit] = range;
            total += range.end - range.first;
            if (range.first != range.end) {
                // Into the second cache: together they are more than the first one holds.
                __builtin_prefetch(halves + range.first, 0, 2);
                __builtin_prefetch(halves + range.end - 1, 0, 2);
            }
        }
    }
    if (total > halves_per_row * filed.rows) {
        return false;
    }
    // 3. Those that pass.
    const std::size_t most = max_survivors(filed.rows);
    std::size_t passed[chunk_count];
    std::size_t count = 0;
    for (int chunk = 0; chunk < chunk_count; ++chunk) {
        const std::uint16_t* halves = filed.halves + static_cast<std::size_t>(chunk) * filed.halves_stride;
        const std::uint32_t* ids = filed.ids + static_cast<std::size_t>(chunk) * filed.places;
        const std::uint16_t wanted = chunk_of(query, other_of_pair(chunk));
        const std::size_t before = count;
        for (int visit = 0; visit < plan.chunks[chunk].visits; ++visit) {
            const int limit = plan.chunks[chunk].share - plan.flipped[visit];
            const Range range = ranges[chunk][visit];
            for (std::uint32_t first = range.first; first < range.end; first += pass_block) {
                const std::uint32_t end = range.end - first > pass_block ? first + pass_block : range.end;
                count += pass(halves, first, end, wanted, limit, survivors + count);
                if (count > most) {
                    return false;
                }
            }
        }
        for (std::size_t at = before; at < count; ++at) {
            __builtin_prefetch(ids + survivors[at]);
        }
        passed[chunk] = count;
    }
    // 4. Which rows they are.
    std::size_t at = 0;
    for (int chunk = 0; chunk < chunk_count; ++chunk) {
        const std::uint32_t* ids = filed.ids + static_cast<std::size_t>(chunk) * filed.places;
        for (; at < passed[chunk]; ++at) {
            survivors[at] = ids[survivors[at]];
            if (survivors[at] < filed.rows) {
                __builtin_prefetch(filed.codes + code_bytes * survivors[at]);
            }
        }
    }
    // 5. Their codes decide; each row is taken once.
    at = 0;
    for (int chunk = 0; chunk < chunk_count; ++chunk) {
        for (; at < passed[chunk]; ++at) {
            const std::size_t row = survivors[at];
            if (row >= filed.rows) {
                continue;
            }
            const std::uint8_t* code = filed.codes + code_bytes * row;
            const int distance = distance_of(query, code);
            if (distance <= radius && !is_dead(filed, row) && !seen_before(plan, filed.shift, chunk, query, code)) {
                sink.take(sink.self, row, distance);
            }
        }
    }
    return true;
}

void scan_level(const Filed& filed, std::size_t first, std::size_t end, const std::uint8_t* query, int radius,
                const Sink& sink) {
    Near near;
    for (std::size_t start = first; start < end; start += near_block) {
        const std::size_t rows = end - start < near_block ? end - start : near_block;
        near.count = 0;
        near_in(filed.codes + code_bytes * start, rows, query, radius, near);
        for (std::size_t at = 0; at < near.count; ++at) {
            const std::size_t row = start + near.rows[at];
            if (!is_dead(filed, row)) {
                sink.take(sink.self, row, near.distances[at]);
            }
        }
    }
}
