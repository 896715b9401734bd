#include "binding.hpp"
#include "hamming.hpp"

namespace binding {
namespace {

nb::tuple hamming_within(const Array& query, const Array& codes, int radius) {
    if (query.ndim() != 1 || query.shape(0) != takeback::code_bytes || query.stride(0) != 1) {
        throw nb::value_error("query must be contiguous and have the shape [32]");
    }
    if (codes.ndim() != 2 || codes.shape(1) != takeback::code_bytes) {
        throw nb::value_error("codes must have the shape [n, 32]");
    }
    const auto packed = static_cast<std::int64_t>(takeback::code_bytes);
    if (codes.shape(0) > 0 && (codes.stride(1) != 1 || (codes.shape(0) > 1 && codes.stride(0) != packed))) {
        throw nb::value_error("codes must be contiguous");
    }
    const std::uint8_t* wanted = as_bytes(query);
    const std::uint8_t* first = as_bytes(codes);
    takeback::Within found;
    {
        nb::gil_scoped_release release;
        found = takeback::hamming_within(wanted, first, codes.shape(0), radius);
    }
    return nb::make_tuple(as_array(std::move(found.positions)), as_array(std::move(found.distances)));
}

}  // namespace

void add_index(nb::module_& module) {
    module.def("hamming_within", &hamming_within, nb::arg("query").noconvert(), nb::arg("codes").noconvert(),
               nb::arg("radius"));
}

}  // namespace binding
