// Arguments checked, the interpreter released, answers wrapped. No method here.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "pdq/plane.hpp"

// What the parts of the binding share: arrays in, arrays out.
namespace binding {

namespace nb = nanobind;

using Array = nb::ndarray<nb::ro, nb::device::cpu>;

inline const std::uint8_t* as_bytes(const Array& array) {
    if (array.dtype() != nb::dtype<std::uint8_t>()) {
        throw nb::type_error("the array's dtype must be uint8");
    }
    return static_cast<const std::uint8_t*>(array.data());
}

// Rows of `width` packed values (0: one value a row).
template <class Value>
const Value* packed(const Array& array, std::size_t width, const char* wrong) {
    const bool fits = array.dtype() == nb::dtype<Value>() && array.ndim() == (width == 0 ? 1 : 2) &&
                      (width == 0 || array.shape(1) == width);
    const auto row = static_cast<std::int64_t>(width == 0 ? 1 : width);
    const bool close = fits && (array.shape(0) < 2 || array.stride(0) == row) && (width == 0 || array.stride(1) == 1);
    if (!fits || (array.shape(0) > 0 && !close)) {
        throw nb::value_error(wrong);
    }
    return static_cast<const Value*>(array.data());
}

// The array owns the vector, and has its length or `shape`.
template <class Value>
auto as_array(std::vector<Value> values, std::vector<std::size_t> shape = {}) {
    if (shape.empty()) {
        shape = {values.size()};
    }
    auto owned = std::make_unique<std::vector<Value>>(std::move(values));
    std::vector<Value>* raw = owned.get();
    nb::capsule owner(owned.release(), [](void* p) noexcept { delete static_cast<std::vector<Value>*>(p); });
    return nb::ndarray<nb::numpy, Value>(raw->data(), shape.size(), shape.data(), owner);
}

// Rows may lie apart (a crop, a picture upside down); inside a row pixels and channels must be packed. Raises for
// anything else.
takeback::Picture as_picture(const Array& pixels);

void add_embedding(nb::module_& module);
void add_grid(nb::module_& module);
void add_hashing(nb::module_& module);
void add_index(nb::module_& module);
void add_jpeg(nb::module_& module);
void add_pixels(nb::module_& module);
void add_views(nb::module_& module);

}  // namespace binding
