// The face that Python sees: arguments checked, the interpreter released, answers wrapped. No method here.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <utility>
#include <vector>

#include "hamming.hpp"
#include "pdq.hpp"

namespace nb = nanobind;

namespace {

using Array = nb::ndarray<nb::ro, nb::device::cpu>;

const std::uint8_t* as_bytes(const Array& array) {
    if (array.dtype() != nb::dtype<std::uint8_t>()) {
        throw nb::type_error("the array's dtype must be uint8");
    }
    return static_cast<const std::uint8_t*>(array.data());
}

// Rows may lie apart (a crop, a picture upside down); inside a row pixels and channels must be packed.
takeback::Picture as_picture(const Array& pixels) {
    const std::uint8_t* first = as_bytes(pixels);
    const bool grey = pixels.ndim() == 2;
    const bool colour = pixels.ndim() == 3 && pixels.shape(2) == 3;
    if (!grey && !colour) {
        throw nb::value_error("pixels must have the shape [height, width] or [height, width, 3]");
    }
    if (pixels.shape(0) == 0 || pixels.shape(1) == 0) {
        throw nb::value_error("pixels must not be empty");
    }
    const int channels = grey ? 1 : 3;
    if (pixels.stride(1) != channels || (colour && pixels.stride(2) != 1)) {
        throw nb::value_error("each row of pixels must be contiguous");
    }
    return {first, static_cast<std::ptrdiff_t>(pixels.shape(0)),
            static_cast<std::ptrdiff_t>(pixels.shape(1)), static_cast<std::ptrdiff_t>(pixels.stride(0)), channels};
}

nb::tuple as_tuple(const takeback::Pdq& pdq) {
    return nb::make_tuple(nb::bytes(pdq.code.data(), pdq.code.size()), pdq.quality);
}

nb::tuple pdq_hash(const Array& pixels) {
    const takeback::Picture picture = as_picture(pixels);
    takeback::Pdq pdq;
    {
        nb::gil_scoped_release release;
        pdq = takeback::pdq_hash(picture);
    }
    return as_tuple(pdq);
}

nb::tuple pdq_orientations(const Array& pixels) {
    const takeback::Picture picture = as_picture(pixels);
    takeback::PdqOrientations found;
    {
        nb::gil_scoped_release release;
        found = takeback::pdq_orientations(picture);
    }
    nb::list all;
    for (const takeback::Pdq& pdq : found) {
        all.append(as_tuple(pdq));
    }
    return nb::tuple(all);
}

// The array owns the vector.
template <class Value>
auto as_array(std::vector<Value> values) {
    auto owned = std::make_unique<std::vector<Value>>(std::move(values));
    std::vector<Value>* raw = owned.get();
    nb::capsule owner(owned.release(), [](void* p) noexcept { delete static_cast<std::vector<Value>*>(p); });
    return nb::ndarray<nb::numpy, Value, nb::ndim<1>>(raw->data(), {raw->size()}, owner);
}

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

NB_MODULE(_native, module) {
    module.doc() = "The kernel: PDQ and Hamming distance. Documented in _native.pyi.";
    module.def("pdq_hash", &pdq_hash, nb::arg("pixels").noconvert());
    module.def("pdq_orientations", &pdq_orientations, nb::arg("pixels").noconvert());
    module.def("hamming_within", &hamming_within, nb::arg("query").noconvert(), nb::arg("codes").noconvert(),
               nb::arg("radius"));
}
