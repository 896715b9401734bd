// One scan of a JPEG file: what it says of which coefficients (ITU-T T.81, B.2.3, F.2 and G.2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "jpeg/bits.hpp"
#include "jpeg/coefficients.hpp"
#include "jpeg/huffman.hpp"

namespace takeback {

// From the order in which coefficients are written to the natural one, row after row (Figure 5).
constexpr std::array<std::uint8_t, block_values> natural_order = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

struct FrameComponent {
    int id = 0;
    std::size_t table = 0;  // of quantisation
    bool is_kept = false;
    ComponentCoefficients coefficients;
    // The lowest bit that is known of each coefficient, in the order they are written; none at first.
    std::array<int, block_values> low_bit{};
};

constexpr int nothing_known = -1;

struct Frame {
    int width = 0;
    int height = 0;
    bool is_progressive = false;
    int across = 1;  // the largest sampling factors
    int down = 1;
    std::vector<FrameComponent> components;
};

struct ScanComponent {
    FrameComponent* component;
    const HuffmanTable* dc;
    const HuffmanTable* ac;
};

struct ScanHeader {
    std::vector<ScanComponent> components;
    std::size_t first = 0;  // of the band of coefficients, and its last
    std::size_t last = 63;
    int high_bit = 0;  // that was known before, and the lowest that is known after
    int low_bit = 0;
    std::size_t restart_interval = 0;
};

class Scan {
public:
    Scan(const Frame& frame, const ScanHeader& header, const std::uint8_t* at, const std::uint8_t* end);

    // Returns where the next marker stands. Throws DamagedJpeg.
    const std::uint8_t* read();

private:
    using Block = std::int16_t*;
    using ReadBlock = void (Scan::*)(const ScanComponent&, int&, Block);

    ReadBlock reader() const;
    void read_alone(ReadBlock read_block);
    void read_interleaved(ReadBlock read_block);
    void read_unit(ReadBlock read_block, std::size_t row, std::size_t column);
    void before_unit();
    void restart();
    void check_end() const;

    void sequential(const ScanComponent& of, int& before, Block block);
    void dc_first(const ScanComponent& of, int& before, Block block);
    void dc_refined(const ScanComponent& of, int& before, Block block);
    void ac_first(const ScanComponent& of, int& before, Block block);
    void ac_refined(const ScanComponent& of, int& before, Block block);
    int difference(const ScanComponent& of, int before);
    std::size_t place_refined(Block block, std::size_t at, int zeros, int value);
    void refine(std::int16_t& value);

    const Frame& frame_;
    const ScanHeader& header_;
    BitReader bits_;
    const std::uint8_t* end_;
    std::array<int, 4> before_{};  // the last DC of each component
    std::int32_t empty_blocks_ = 0;
    std::size_t units_ = 0;  // since the last restart
    unsigned restarts_ = 0;
    std::array<std::int16_t, block_values> unused_{};  // what pads a unit, and components that are not kept
};

}  // namespace takeback
