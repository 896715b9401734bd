// Prints digests of the kernel's answers to fixed questions. Equal lines on two processors, or at two levels
// (TAKEBACK_KERNEL), mean equal answers: tools/check-arm compares NEON with the portable code this way.
#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "embedding/embedding_index.hpp"
#include "grid/grid.hpp"
#include "index/index.hpp"
#include "level.hpp"
#include "pdq/pdq.hpp"
#include "pixels/resample.hpp"
#include "views/views.hpp"

namespace {

// splitmix64 (Steele, Lea, Flood, 2014): the same numbers everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

private:
    std::uint64_t state_;
};

// FNV-1a, 64 bits.
class Digest {
public:
    void add(const void* data, std::size_t size) {
        const auto* bytes = static_cast<const std::uint8_t*>(data);
        for (std::size_t at = 0; at < size; ++at) {
            sum_ = (sum_ ^ bytes[at]) * 0x100000001b3U;
        }
    }
    template <class Value>
    void add(const std::vector<Value>& values) {
        add(values.data(), values.size() * sizeof(Value));
    }
    std::uint64_t value() const { return sum_; }

private:
    std::uint64_t sum_ = 0xcbf29ce484222325U;
};

std::vector<std::uint8_t> random_bytes(std::size_t count, Random& random) {
    std::vector<std::uint8_t> bytes(count);
    for (std::uint8_t& byte : bytes) {
        byte = static_cast<std::uint8_t>(random.next());
    }
    return bytes;
}

void flip(std::uint8_t* code, std::size_t bits, Random& random) {
    for (std::size_t each = 0; each < bits; ++each) {
        const std::size_t bit = random.below(takeback::code_bits);
        code[bit / 8] = static_cast<std::uint8_t>(code[bit / 8] ^ (1U << (bit % 8)));
    }
}

std::vector<std::uint8_t> smooth_bytes(std::size_t count, Random& random) {
    std::vector<std::uint8_t> bytes = random_bytes(count, random);
    for (std::size_t at = 1; at < count; ++at) {
        bytes[at] = static_cast<std::uint8_t>((bytes[at - 1] * 15 + bytes[at]) / 16);
    }
    return bytes;
}

// Segments, tables of several shifts, a crowd of near codes, a tail, removed rows.
void search() {
    constexpr std::size_t rows = 90'000;
    constexpr std::size_t crowd = 8'000;
    constexpr std::size_t query_count = 60;
    Random random(1);
    std::vector<std::uint8_t> codes = random_bytes(rows * takeback::code_bytes, random);
    std::vector<std::uint64_t> keys(rows);
    for (std::size_t row = 0; row < rows; ++row) {
        keys[row] = row + 1;
        if (row > 0 && row < crowd) {
            std::uint8_t* code = codes.data() + row * takeback::code_bytes;
            std::copy_n(codes.data(), takeback::code_bytes, code);
            flip(code, random.below(30), random);
        }
    }
    takeback::HammingIndex index(1);
    index.add(keys.data(), codes.data(), 70'000);
    for (std::size_t row = 70'000; row < rows; row += 500) {
        index.add(keys.data() + row, codes.data() + row * takeback::code_bytes, 500);
    }
    index.settle();
    index.remove(keys.data() + 100, 2'000);
    std::vector<std::uint8_t> queries;
    for (std::size_t query = 0; query < query_count; ++query) {
        const std::uint8_t* code = codes.data() + random.below(rows) * takeback::code_bytes;
        queries.insert(queries.end(), code, code + takeback::code_bytes);
        flip(queries.data() + query * takeback::code_bytes, random.below(40), random);
    }
    for (const int radius : {0, 6, 15, 22, 31, 32, 40, 47, 48, 90, 128}) {
        const takeback::Neighbors found = index.search(queries.data(), query_count, radius);
        Digest digest;
        digest.add(found.query);
        digest.add(found.key);
        digest.add(found.distance);
        std::printf("search radius %d: %zu found, %016" PRIx64 "\n", radius, found.key.size(), digest.value());
    }
}

// The widest values, odd numbers of rows and queries, removed rows.
void search_similar() {
    constexpr std::size_t rows = 5'003;
    Random random(3);
    std::vector<std::uint8_t> bytes = random_bytes(rows * takeback::embedding_values, random);
    std::fill_n(bytes.begin(), 40 * takeback::embedding_values, std::uint8_t{0x80});
    const auto* values = reinterpret_cast<const std::int8_t*>(bytes.data());
    std::vector<std::uint64_t> keys(rows);
    for (std::size_t row = 0; row < rows; ++row) {
        keys[row] = row / 2 + 1;
    }
    takeback::EmbeddingIndex index(1);
    index.add(keys.data(), values, rows);
    index.remove(keys.data() + 700, 900);
    for (const float at_least : {-1.0F, 0.0F, 0.08F, 0.12F, 1.0F}) {
        const takeback::SimilarNeighbors found =
            index.search(values + 35 * takeback::embedding_values, 23, at_least);
        Digest digest;
        digest.add(found.query);
        digest.add(found.key);
        digest.add(found.similarity);
        std::printf("similar at least %.2f: %zu found, %016" PRIx64 "\n", static_cast<double>(at_least),
                    found.key.size(), digest.value());
    }
}

// Smooth pictures and noise, of sizes with and without clipped borders, grey and RGB.
void hash() {
    constexpr std::ptrdiff_t sizes[][2] = {{5, 5}, {64, 64}, {64, 63}, {130, 77}, {300, 512}, {1001, 640}, {3000, 7}, {70, 17'000}};
    Random random(2);
    for (const auto& [height, width] : sizes) {
        for (const int channels : {1, 3}) {
            std::vector<std::uint8_t> pixels = smooth_bytes(static_cast<std::size_t>(height * width * channels), random);
            const takeback::Picture picture{pixels.data(), height, width, width * channels, channels};
            Digest digest;
            for (const takeback::Pdq& pdq : takeback::pdq_orientations(picture)) {
                digest.add(pdq.code.data(), pdq.code.size());
                digest.add(&pdq.quality, sizeof pdq.quality);
            }
            std::vector<std::uint8_t> square(96 * 96 * static_cast<std::size_t>(channels));
            takeback::resample(picture, 96, 96, square.data());
            digest.add(square);
            square.resize(96 * 96);
            takeback::resample_luminance(picture, 96, 96, square.data());
            digest.add(square);
            std::printf("hash %td x %td, %d: %016" PRIx64 "\n", height, width, channels, digest.value());
        }
    }
}

// Slanted stripes over smooth pictures, as large as they are looked at and reduced.
void clear() {
    constexpr std::ptrdiff_t sizes[][2] = {{200, 300}, {384, 384}, {385, 600}, {1001, 640}};
    Random random(4);
    for (const auto& [height, width] : sizes) {
        for (const int channels : {1, 3}) {
            std::vector<std::uint8_t> pixels = smooth_bytes(static_cast<std::size_t>(height * width * channels), random);
            const std::ptrdiff_t period = std::max(height, width) / 12;
            for (std::ptrdiff_t y = 0; y < height; ++y) {
                for (std::ptrdiff_t x = 0; x < width; ++x) {
                    if ((x + y / 2) % period < period / 3) {
                        std::fill_n(pixels.data() + (y * width + x) * channels, channels, std::uint8_t{250});
                    }
                }
            }
            const takeback::Cleared found = takeback::cleared({pixels.data(), height, width, width * channels, channels});
            Digest digest;
            digest.add(found.pixels);
            std::printf("cleared %td x %td, %d: %td x %td, %016" PRIx64 "\n", height, width, channels, found.height,
                        found.width, digest.value());
        }
    }
}

// Pictures of blocks, noise and one value, of widths with and without a rest after the last whole tile.
void vote() {
    constexpr std::ptrdiff_t sizes[][2] = {{8, 8}, {15, 15}, {64, 135}, {90, 136}, {200, 301}};
    Random random(5);
    for (const auto& [height, width] : sizes) {
        std::vector<std::uint8_t> pixels = smooth_bytes(static_cast<std::size_t>(height * width), random);
        for (std::ptrdiff_t y = height / 2; y < height; ++y) {
            for (std::ptrdiff_t x = 0; x < width; ++x) {
                pixels[static_cast<std::size_t>(y * width + x)] =
                    static_cast<std::uint8_t>(37 * (y / 8) + 11 * (x / 8) + (x % 8) * (y % 8) / 4);
            }
        }
        const takeback::GridVotes found = takeback::grid_votes({pixels.data(), height, width, width, 1});
        std::vector<std::uint8_t> mask = random_bytes(pixels.size(), random);
        for (std::uint8_t& each : mask) {
            each = each < 40;
        }
        const takeback::Parts parts = takeback::parts_of(mask.data(), height, width, width, 2);
        Digest digest;
        digest.add(found.zeros);
        digest.add(found.votes);
        digest.add(parts.labels);
        std::printf("votes %td x %td: %d parts, %016" PRIx64 "\n", height, width, parts.count, digest.value());
    }
}

}  // namespace

int main() {
    std::fprintf(stderr, "level: %s\n", takeback::name_of(takeback::level()));
    search();
    search_similar();
    hash();
    clear();
    vote();
}
