// The hot loop of a search by cosine: products of rows with queries, one for each level.
//
// Plain data only, as in index/search.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "level.hpp"

namespace takeback {

constexpr std::size_t embedding_values = 512;

// Rows lie lifted by 128, as 0..255: the instructions for bytes multiply unsigned by signed.
constexpr int row_lift = 128;

// Queries that one pass over the rows answers.
constexpr std::size_t query_group = 4;

// out[q * count + r] = the sum over i of rows[r][i] * queries[q][i], rows as they lie, for `query_count` queries,
// 1 .. query_group. No sum leaves 32 bits: 512 * 255 * 128 < 2^24.
using DotLoop = void (*)(const std::uint8_t* rows, std::size_t count, const std::int8_t* queries,
                         std::size_t query_count, std::int32_t* out);

DotLoop dot_loop();

}  // namespace takeback
