#include "jpeg/coefficients.hpp"

#include <algorithm>

#include "jpeg/huffman.hpp"
#include "jpeg/scan.hpp"

namespace takeback {
namespace {

constexpr int highest_bit = 13;  // of a first approximation (G.1.1.1)
constexpr int most_unit_blocks = 10;  // of an interleaved scan (B.2.3)

enum Marker : int {
    sof0 = 0xc0,
    sof2 = 0xc2,
    dht = 0xc4,
    dac = 0xcc,
    sof15 = 0xcf,
    rst0 = 0xd0,
    rst7 = 0xd7,
    soi = 0xd8,
    eoi = 0xd9,
    sos = 0xda,
    dqt = 0xdb,
    dri = 0xdd,
    tem = 0x01,
};

bool stands_alone(int marker) { return marker == tem || (marker >= rst0 && marker <= soi); }

// The bytes of a segment, after its length.
class Segment {
public:
    Segment(const std::uint8_t* at, std::size_t size) : at_(at), left_(size) {}

    std::size_t left() const { return left_; }

    const std::uint8_t* bytes(std::size_t count) {
        if (count > left_) {
            throw DamagedJpeg("a segment is too short");
        }
        const std::uint8_t* found = at_;
        at_ += count;
        left_ -= count;
        return found;
    }
    int byte() { return *bytes(1); }
    int word() {
        const std::uint8_t* found = bytes(2);
        return (found[0] << 8) | found[1];
    }

private:
    const std::uint8_t* at_;
    std::size_t left_;
};

class Reader {
public:
    Reader(const std::uint8_t* data, std::size_t size, const CoefficientLimits& limits)
        : at_(data), end_(data + size), size_(size), limits_(limits) {}

    JpegCoefficients read();

private:
    int next_marker();
    Segment segment();
    void take(int marker);
    void take_frame(Segment segment, bool is_progressive);
    void take_component(Segment& segment);
    void measure();
    void take_huffman(Segment segment);
    void take_steps(Segment segment);
    void take_scan(Segment segment);
    ScanHeader scan_header(Segment& segment);
    FrameComponent& named(int id);
    void check_band(const ScanHeader& header) const;
    void check_tables(const ScanHeader& header) const;
    void begin(FrameComponent& component);
    void advance(const ScanHeader& header);
    bool is_wanted(const ScanHeader& header) const;
    void skip_scan();
    void check_complete() const;

    const std::uint8_t* at_;
    const std::uint8_t* end_;
    std::size_t size_;
    CoefficientLimits limits_;
    Frame frame_;
    std::array<HuffmanTable, 4> dc_;
    std::array<HuffmanTable, 4> ac_;
    std::array<std::array<std::uint16_t, block_values>, 4> steps_{};
    std::array<bool, 4> has_steps_{};
    std::size_t restart_interval_ = 0;
    int scans_ = 0;
};

JpegCoefficients Reader::read() {
    if (size_ < 4 || at_[0] != 0xff || at_[1] != soi) {
        throw DamagedJpeg("this is no JPEG file");
    }
    at_ += 2;
    for (int marker = next_marker(); marker != eoi; marker = next_marker()) {
        take(marker);
    }
    check_complete();
    JpegCoefficients found;
    found.width = frame_.width;
    found.height = frame_.height;
    found.is_progressive = frame_.is_progressive;
    for (FrameComponent& each : frame_.components) {
        if (each.is_kept) {
            found.components.push_back(std::move(each.coefficients));
        }
    }
    return found;
}

// Between segments, as decoders do, whatever is no marker is passed over.
int Reader::next_marker() {
    while (end_ - at_ >= 2) {
        if (at_[0] == 0xff && at_[1] != 0x00 && at_[1] != 0xff) {
            at_ += 2;
            return at_[-1];
        }
        ++at_;
    }
    throw DamagedJpeg("the file is cut short");
}

Segment Reader::segment() {
    const std::ptrdiff_t left = end_ - at_;
    const int length = left >= 2 ? (at_[0] << 8) | at_[1] : 0;
    if (length < 2 || length > left) {
        throw DamagedJpeg(left < 2 || length > left ? "the file is cut short" : "a segment has no length");
    }
    const Segment found(at_ + 2, static_cast<std::size_t>(length - 2));
    at_ += length;
    return found;
}

void Reader::take(int marker) {
    if (stands_alone(marker)) {
        if (marker == soi) {
            throw DamagedJpeg("a second picture begins inside the first");
        }
        return;
    }
    Segment found = segment();
    if (marker == dht) {
        take_huffman(found);
    } else if (marker == dqt) {
        take_steps(found);
    } else if (marker == dri) {
        restart_interval_ = static_cast<std::size_t>(found.word());
    } else if (marker == sos) {
        take_scan(found);
    } else if (marker >= sof0 && marker <= sof2) {
        take_frame(found, marker == sof2);
    } else if (marker == dac) {
        throw UnsupportedJpeg("arithmetic codes");
    } else if (marker > sof2 && marker <= sof15) {
        throw UnsupportedJpeg("a lossless, hierarchical or arithmetic file");
    }
}

// ---- The frame (B.2.2) ------------------------------------------------------------------------------------

void Reader::take_frame(Segment segment, bool is_progressive) {
    if (!frame_.components.empty()) {
        throw DamagedJpeg("the picture is described twice");
    }
    if (segment.byte() != 8) {
        throw UnsupportedJpeg("samples of other than 8 bits");
    }
    frame_.is_progressive = is_progressive;
    frame_.height = segment.word();
    frame_.width = segment.word();
    const int count = segment.byte();
    if (frame_.height == 0) {
        throw UnsupportedJpeg("a height that is told after the picture");
    }
    if (frame_.width == 0 || count < 1 || count > 4) {
        throw DamagedJpeg("the picture has no size, or no or too many components");
    }
    for (int each = 0; each < count; ++each) {
        take_component(segment);
    }
    measure();
}

void Reader::take_component(Segment& segment) {
    FrameComponent found;
    found.id = segment.byte();
    const int sampling = segment.byte();
    const int table = segment.byte();
    found.coefficients.across = sampling >> 4;
    found.coefficients.down = sampling & 15;
    const bool is_known = std::any_of(frame_.components.begin(), frame_.components.end(),
                                      [&](const FrameComponent& each) { return each.id == found.id; });
    const auto is_factor = [](int factor) { return factor >= 1 && factor <= 4; };
    if (is_known || table > 3 || !is_factor(found.coefficients.across) || !is_factor(found.coefficients.down)) {
        throw DamagedJpeg("a component is described wrongly");
    }
    found.table = static_cast<std::size_t>(table);
    found.is_kept = frame_.components.size() < limits_.components;
    found.low_bit.fill(nothing_known);
    frame_.components.push_back(std::move(found));
}

void Reader::measure() {
    for (const FrameComponent& each : frame_.components) {
        frame_.across = std::max(frame_.across, each.coefficients.across);
        frame_.down = std::max(frame_.down, each.coefficients.down);
    }
    const auto blocks = [](int side, int factor, int most) {
        return static_cast<std::size_t>((side * factor + 8 * most - 1) / (8 * most));
    };
    std::size_t kept = 0;
    for (FrameComponent& each : frame_.components) {
        ComponentCoefficients& found = each.coefficients;
        found.columns = blocks(frame_.width, found.across, frame_.across);
        found.rows = blocks(frame_.height, found.down, frame_.down);
        kept += each.is_kept ? found.columns * found.rows : 0;
    }
    if (kept > limits_.blocks) {
        throw UnsupportedJpeg("more blocks than are allowed");
    }
    // Each block takes a bit at least: so a small file cannot ask for much memory.
    if (kept > size_ * 8) {
        throw DamagedJpeg("the file is cut short");
    }
}

// ---- Tables (B.2.4) ---------------------------------------------------------------------------------------

void Reader::take_huffman(Segment segment) {
    while (segment.left() > 0) {
        const int which = segment.byte();
        if ((which >> 4) > 1 || (which & 15) > 3) {
            throw DamagedJpeg("a Huffman table has no such place");
        }
        std::array<std::uint8_t, 16> counts{};
        std::copy_n(segment.bytes(16), 16, counts.begin());
        std::size_t size = 0;
        for (const std::uint8_t count : counts) {
            size += count;
        }
        if (size > 256) {
            throw DamagedJpeg("a Huffman table has more codes than there are");
        }
        std::array<HuffmanTable, 4>& tables = (which >> 4) == 0 ? dc_ : ac_;
        tables[static_cast<std::size_t>(which & 15)] = HuffmanTable(counts, segment.bytes(size), size);
    }
}

void Reader::take_steps(Segment segment) {
    while (segment.left() > 0) {
        const int which = segment.byte();
        if ((which >> 4) > 1 || (which & 15) > 3) {
            throw DamagedJpeg("a quantisation table has no such place");
        }
        const auto place = static_cast<std::size_t>(which & 15);
        for (const std::uint8_t at : natural_order) {
            const int step = (which >> 4) == 0 ? segment.byte() : segment.word();
            if (step == 0) {
                throw DamagedJpeg("a quantisation step is 0");
            }
            steps_[place][at] = static_cast<std::uint16_t>(step);
        }
        has_steps_[place] = true;
    }
}

// ---- Scans (B.2.3 and G.1.1.1) ----------------------------------------------------------------------------

void Reader::take_scan(Segment segment) {
    if (frame_.components.empty()) {
        throw DamagedJpeg("a scan stands before the picture's description");
    }
    if (++scans_ > most_scans) {
        throw UnsupportedJpeg("more scans than are allowed");
    }
    const ScanHeader header = scan_header(segment);
    check_band(header);
    if (is_wanted(header)) {
        check_tables(header);
        for (const ScanComponent& each : header.components) {
            begin(*each.component);
        }
        at_ = Scan(frame_, header, at_, end_).read();
    } else {
        skip_scan();
    }
    advance(header);
}

ScanHeader Reader::scan_header(Segment& segment) {
    ScanHeader header;
    const int count = segment.byte();
    if (count < 1 || count > 4) {
        throw DamagedJpeg("a scan has no or too many components");
    }
    int blocks = 0;
    for (int each = 0; each < count; ++each) {
        FrameComponent& component = named(segment.byte());
        const int tables = segment.byte();
        if ((tables >> 4) > 3 || (tables & 15) > 3) {
            throw DamagedJpeg("a scan asks for a table that there cannot be");
        }
        for (const ScanComponent& other : header.components) {
            if (other.component == &component) {
                throw DamagedJpeg("a scan has a component twice");
            }
        }
        blocks += component.coefficients.across * component.coefficients.down;
        header.components.push_back({&component, &dc_[static_cast<std::size_t>(tables >> 4)],
                                     &ac_[static_cast<std::size_t>(tables & 15)]});
    }
    if (count > 1 && blocks > most_unit_blocks) {
        throw DamagedJpeg("a scan has too many blocks in a unit");
    }
    header.first = static_cast<std::size_t>(segment.byte());
    header.last = static_cast<std::size_t>(segment.byte());
    const int bits = segment.byte();
    header.high_bit = bits >> 4;
    header.low_bit = bits & 15;
    header.restart_interval = restart_interval_;
    return header;
}

FrameComponent& Reader::named(int id) {
    for (FrameComponent& each : frame_.components) {
        if (each.id == id) {
            return each;
        }
    }
    throw DamagedJpeg("a scan names a component that there is not");
}

// Each bit of a coefficient comes once and in order: it bounds the work that a file can ask for, too.
void Reader::check_band(const ScanHeader& header) const {
    const bool is_dc = header.first == 0;
    if (frame_.is_progressive) {
        const bool is_band = header.first <= header.last && header.last < block_values && (!is_dc || header.last == 0);
        const bool are_bits = header.low_bit <= highest_bit && (header.high_bit == 0 || header.high_bit == header.low_bit + 1);
        if (!is_band || !are_bits || (!is_dc && header.components.size() > 1)) {
            throw DamagedJpeg("a scan is described wrongly");
        }
    } else if (header.first != 0 || header.last != 63 || header.high_bit != 0 || header.low_bit != 0) {
        throw DamagedJpeg("a scan is described wrongly");
    }
    const int known = header.high_bit == 0 ? nothing_known : header.high_bit;
    for (const ScanComponent& each : header.components) {
        const FrameComponent& component = *each.component;
        for (std::size_t at = header.first; at <= header.last; ++at) {
            if (component.low_bit[at] != known || (!is_dc && component.low_bit[0] == nothing_known)) {
                throw DamagedJpeg("the scans are out of order");
            }
        }
    }
}

void Reader::check_tables(const ScanHeader& header) const {
    const bool is_dc = header.first == 0 && header.high_bit == 0;
    const bool is_ac = header.last > 0;
    for (const ScanComponent& each : header.components) {
        if ((is_dc && !each.dc->is_set()) || (is_ac && !each.ac->is_set())) {
            throw DamagedJpeg("a Huffman table is missing");
        }
    }
}

// The steps of quantisation are those that stand before a component's first scan.
void Reader::begin(FrameComponent& component) {
    if (component.low_bit[0] != nothing_known || !component.is_kept) {
        return;
    }
    if (!has_steps_[component.table]) {
        throw DamagedJpeg("a quantisation table is missing");
    }
    ComponentCoefficients& found = component.coefficients;
    found.steps = steps_[component.table];
    found.values.assign(found.rows * found.columns * block_values, 0);
}

void Reader::advance(const ScanHeader& header) {
    for (const ScanComponent& each : header.components) {
        std::fill(each.component->low_bit.begin() + static_cast<std::ptrdiff_t>(header.first),
                  each.component->low_bit.begin() + static_cast<std::ptrdiff_t>(header.last) + 1, header.low_bit);
    }
}

bool Reader::is_wanted(const ScanHeader& header) const {
    return std::any_of(header.components.begin(), header.components.end(),
                       [](const ScanComponent& each) { return each.component->is_kept; });
}

void Reader::skip_scan() {
    while (end_ - at_ >= 2 && (at_[0] != 0xff || at_[1] == 0x00 || at_[1] == 0xff || (at_[1] >= rst0 && at_[1] <= rst7))) {
        ++at_;
    }
}

void Reader::check_complete() const {
    bool is_complete = !frame_.components.empty();
    for (const FrameComponent& each : frame_.components) {
        if (each.is_kept) {
            is_complete = is_complete && each.low_bit[0] == 0 &&
                          std::all_of(each.low_bit.begin(), each.low_bit.end(), [](int bit) { return bit <= 0; });
        }
    }
    if (!is_complete) {
        throw DamagedJpeg("a part of the picture is missing");
    }
}

}  // namespace

JpegCoefficients read_coefficients(const std::uint8_t* data, std::size_t size, const CoefficientLimits& limits) {
    return Reader(data, size, limits).read();
}

}  // namespace takeback
