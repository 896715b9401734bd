// What every processor can do.
#include "dots.hpp"

namespace takeback {

void dots_portable(const std::uint8_t* rows, std::size_t count, const std::int8_t* queries, std::size_t query_count,
                   std::int32_t* out) {
    for (std::size_t row = 0; row < count; ++row) {
        const std::uint8_t* stored = rows + embedding_values * row;
        for (std::size_t query = 0; query < query_count; ++query) {
            const std::int8_t* asked = queries + embedding_values * query;
            std::int32_t sum = 0;
            for (std::size_t at = 0; at < embedding_values; ++at) {
                sum += static_cast<std::int16_t>(stored[at]) * static_cast<std::int16_t>(asked[at]);
            }
            out[query * count + row] = sum;
        }
    }
}

}  // namespace takeback
