#include "jpeg/scan.hpp"

#include <limits>

namespace takeback {
namespace {

constexpr int most_bits = 15;  // of one coefficient

std::int16_t stored(int value) {
    if (value < std::numeric_limits<std::int16_t>::min() || value > std::numeric_limits<std::int16_t>::max()) {
        throw DamagedJpeg("a coefficient is out of range");
    }
    return static_cast<std::int16_t>(value);
}

}  // namespace

Scan::Scan(const Frame& frame, const ScanHeader& header, const std::uint8_t* at, const std::uint8_t* end)
    : frame_(frame), header_(header), bits_(at, end), end_(end) {}

const std::uint8_t* Scan::read() {
    const ReadBlock read_block = reader();
    if (header_.components.size() == 1) {
        read_alone(read_block);
    } else {
        read_interleaved(read_block);
    }
    return bits_.marker();
}

Scan::ReadBlock Scan::reader() const {
    if (!frame_.is_progressive) {
        return &Scan::sequential;
    }
    if (header_.first == 0) {
        return header_.high_bit == 0 ? &Scan::dc_first : &Scan::dc_refined;
    }
    return header_.high_bit == 0 ? &Scan::ac_first : &Scan::ac_refined;
}

// A component by itself has no padding (A.2.2).
void Scan::read_alone(ReadBlock read_block) {
    ComponentCoefficients& blocks = header_.components[0].component->coefficients;
    Block block = blocks.values.data();
    for (std::size_t each = 0; each < blocks.rows * blocks.columns; ++each, block += block_values) {
        before_unit();
        (this->*read_block)(header_.components[0], before_[0], block);
        check_end();
    }
}

void Scan::read_interleaved(ReadBlock read_block) {
    const auto units = [](int side, int factor) { return static_cast<std::size_t>((side + 8 * factor - 1) / (8 * factor)); };
    const std::size_t rows = units(frame_.height, frame_.down);
    const std::size_t columns = units(frame_.width, frame_.across);
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < columns; ++column) {
            before_unit();
            read_unit(read_block, row, column);
        }
    }
}

void Scan::read_unit(ReadBlock read_block, std::size_t row, std::size_t column) {
    for (std::size_t each = 0; each < header_.components.size(); ++each) {
        FrameComponent& component = *header_.components[each].component;
        ComponentCoefficients& blocks = component.coefficients;
        const auto across = static_cast<std::size_t>(blocks.across);
        const auto down = static_cast<std::size_t>(blocks.down);
        for (std::size_t y = row * down; y < (row + 1) * down; ++y) {
            for (std::size_t x = column * across; x < (column + 1) * across; ++x) {
                const bool is_kept = component.is_kept && y < blocks.rows && x < blocks.columns;
                Block block = is_kept ? blocks.values.data() + (y * blocks.columns + x) * block_values : unused_.data();
                (this->*read_block)(header_.components[each], before_[each], block);
                check_end();
            }
        }
    }
}

void Scan::check_end() const {
    if (bits_.is_past_end()) {
        throw DamagedJpeg("the file is cut short");
    }
}

void Scan::before_unit() {
    if (header_.restart_interval != 0 && units_ == header_.restart_interval) {
        restart();
    }
    ++units_;
}

void Scan::restart() {
    const std::uint8_t* at = bits_.marker();
    if (end_ - at < 2 || at[1] != (0xd0U | (restarts_ & 7U))) {
        throw DamagedJpeg("a restart marker is missing");
    }
    ++restarts_;
    units_ = 0;
    empty_blocks_ = 0;
    before_.fill(0);
    bits_.restart(at + 2);
}

// ---- Sequential (F.2.2) -----------------------------------------------------------------------------------

int Scan::difference(const ScanComponent& of, int before) {
    bits_.fill();
    const int bits = of.dc->read(bits_);
    if (bits > most_bits) {
        throw DamagedJpeg("a coefficient is out of range");
    }
    return stored(before + bits_.read_signed(bits));
}

void Scan::sequential(const ScanComponent& of, int& before, Block block) {
    before = difference(of, before);
    block[0] = static_cast<std::int16_t>(before);
    std::size_t at = 1;
    while (at < block_values) {
        bits_.fill();
        const int symbol = of.ac->read(bits_);
        const int bits = symbol & 15;
        if (bits == 0 && symbol != 0xf0) {
            break;
        }
        at += static_cast<std::size_t>(symbol >> 4);
        if (at >= block_values) {
            throw DamagedJpeg("a block has too many coefficients");
        }
        if (bits != 0) {
            block[natural_order[at]] = static_cast<std::int16_t>(bits_.read_signed(bits));
        }
        ++at;
    }
}

// ---- Progressive (G.1.2 and G.2) --------------------------------------------------------------------------

void Scan::dc_first(const ScanComponent& of, int& before, Block block) {
    before = difference(of, before);
    block[0] = stored(before * (1 << header_.low_bit));
}

void Scan::dc_refined(const ScanComponent&, int&, Block block) {
    bits_.fill();
    // Of a negative number too, in two's complement.
    block[0] = static_cast<std::int16_t>(block[0] | (bits_.read(1) << header_.low_bit));
}

void Scan::ac_first(const ScanComponent& of, int&, Block block) {
    if (empty_blocks_ > 0) {
        --empty_blocks_;
        return;
    }
    std::size_t at = header_.first;
    while (at <= header_.last) {
        bits_.fill();
        const int symbol = of.ac->read(bits_);
        const int run = symbol >> 4;
        const int bits = symbol & 15;
        if (bits == 0 && run < 15) {
            empty_blocks_ = (1 << run) + bits_.read(run) - 1;
            return;
        }
        at += static_cast<std::size_t>(run);
        if (at > header_.last) {
            throw DamagedJpeg("a block has too many coefficients");
        }
        if (bits != 0) {
            block[natural_order[at]] = stored(bits_.read_signed(bits) * (1 << header_.low_bit));
        }
        ++at;
    }
}

void Scan::ac_refined(const ScanComponent& of, int&, Block block) {
    std::size_t at = header_.first;
    while (empty_blocks_ == 0 && at <= header_.last) {
        bits_.fill();
        const int symbol = of.ac->read(bits_);
        const int run = symbol >> 4;
        const int bits = symbol & 15;
        if (bits > 1) {
            throw DamagedJpeg("a refined coefficient has more than one bit");
        }
        if (bits == 0 && run < 15) {
            empty_blocks_ = (1 << run) + bits_.read(run);
            break;
        }
        const int one = 1 << header_.low_bit;
        const int value = bits == 0 ? 0 : bits_.read(1) != 0 ? one : -one;
        at = place_refined(block, at, run, value);
    }
    if (empty_blocks_ > 0) {
        place_refined(block, at, static_cast<int>(block_values), 0);
        --empty_blocks_;
    }
}

// Passes over so many zeros, refines what is none on the way, puts `value` in the next zero, and returns where to go on.
std::size_t Scan::place_refined(Block block, std::size_t at, int zeros, int value) {
    for (; at <= header_.last; ++at) {
        std::int16_t& coefficient = block[natural_order[at]];
        if (coefficient != 0) {
            refine(coefficient);
        } else if (zeros-- == 0) {
            coefficient = static_cast<std::int16_t>(value);
            return at + 1;
        }
    }
    if (value != 0) {
        throw DamagedJpeg("a block has too many coefficients");
    }
    return at;
}

void Scan::refine(std::int16_t& value) {
    bits_.fill();
    if (bits_.read(1) != 0) {
        const int one = 1 << header_.low_bit;
        value = stored(value > 0 ? value + one : value - one);
    }
}

}  // namespace takeback
