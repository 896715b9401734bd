#include "views/views.hpp"

#include "binding.hpp"

namespace binding {
namespace {

nb::list find_views(const Array& pixels, std::size_t most) {
    const takeback::Picture picture = as_picture(pixels);
    std::vector<takeback::FoundView> found;
    {
        nb::gil_scoped_release release;
        found = takeback::find_views(picture, most);
    }
    nb::list all;
    for (const takeback::FoundView& each : found) {
        const bool stripped = each.kind == takeback::Found::stripped;
        all.append(nb::make_tuple(stripped, each.box.left, each.box.top, each.box.width(), each.box.height()));
    }
    return all;
}

}  // namespace

void add_views(nb::module_& module) {
    module.def("find_views", &find_views, nb::arg("pixels").noconvert(), nb::arg("most"));
}

}  // namespace binding
