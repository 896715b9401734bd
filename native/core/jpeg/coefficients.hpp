// The integers that a JPEG file holds: quantised DCT coefficients, as they were written, never the pixels.
//
// Sequential and progressive files with Huffman codes and 8 bits a sample (ITU-T T.81, SOF0, SOF1, SOF2). What a
// decoder would guess at is refused here: a file that breaks off, codes that do not exist, scans out of order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace takeback {

constexpr std::size_t block_values = 64;

// No JPEG file, or a damaged one; the text says what is wrong with it.
struct DamagedJpeg : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A JPEG file of a kind that is not read: arithmetic codes, 12 bits, lossless, hierarchical; or more than is allowed.
struct UnsupportedJpeg : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Blocks that cover the component, row after row; what pads them to whole units of a scan is left out.
struct ComponentCoefficients {
    int across = 1;  // sampling factors, 1 to 4
    int down = 1;
    std::size_t rows = 0;  // of blocks
    std::size_t columns = 0;
    std::array<std::uint16_t, block_values> steps{};  // of quantisation, in natural order
    std::vector<std::int16_t> values;                 // rows x columns x 64, in natural order
};

struct JpegCoefficients {
    int width = 0;
    int height = 0;
    bool is_progressive = false;
    std::vector<ComponentCoefficients> components;
};

struct CoefficientLimits {
    std::size_t components;  // the first so many are kept; the others are read over
    std::size_t blocks;      // most that are kept
};

// A progressive file has about ten; each is a pass over all blocks.
constexpr int most_scans = 100;

// Throws DamagedJpeg and UnsupportedJpeg.
JpegCoefficients read_coefficients(const std::uint8_t* data, std::size_t size, const CoefficientLimits& limits);

}  // namespace takeback
