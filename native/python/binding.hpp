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

// Borrowed from an array uint8 [height, width, 3] or [height, width], neither side 0. Rows may lie apart (a crop, a
// picture upside down); inside a row pixels and channels must be packed.
takeback::Picture as_picture(const Array& pixels);

// The array owns the vector.
template <class Value>
auto as_array(std::vector<Value> values) {
    auto owned = std::make_unique<std::vector<Value>>(std::move(values));
    std::vector<Value>* raw = owned.get();
    nb::capsule owner(owned.release(), [](void* p) noexcept { delete static_cast<std::vector<Value>*>(p); });
    return nb::ndarray<nb::numpy, Value, nb::ndim<1>>(raw->data(), {raw->size()}, owner);
}

void add_hashing(nb::module_& module);
void add_index(nb::module_& module);
void add_views(nb::module_& module);

}  // namespace binding
