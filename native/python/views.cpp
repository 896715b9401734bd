#include "views/views.hpp"

#include <tuple>
#include <vector>

#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "binding.hpp"

namespace binding {
namespace {

// Whether it is what a border left, then left, top, width and height.
using View = std::tuple<bool, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t>;

std::vector<View> find_views(const Array& pixels, std::size_t most) {
    const takeback::Picture picture = as_picture(pixels);
    std::vector<takeback::FoundView> found;
    {
        nb::gil_scoped_release release;
        found = takeback::find_views(picture, most);
    }
    std::vector<View> views;
    views.reserve(found.size());
    for (const takeback::FoundView& each : found) {
        const bool stripped = each.kind == takeback::Found::stripped;
        views.emplace_back(stripped, each.box.left, each.box.top, each.box.width(), each.box.height());
    }
    return views;
}

}  // namespace

void add_views(nb::module_& module) {
    module.def("find_views", &find_views, nb::arg("pixels").noconvert(), nb::arg("most"));
}

}  // namespace binding
