#include "views/views.hpp"

#include "binding.hpp"

namespace binding {
namespace {

const char* name_of(takeback::Found kind) {
    switch (kind) {
        case takeback::Found::cleared: return "cleared";
        case takeback::Found::stripped: return "stripped";
        case takeback::Found::region: break;
    }
    return "region";
}

nb::list find_views(const Array& pixels, std::size_t most) {
    const takeback::Picture picture = as_picture(pixels);
    std::vector<takeback::FoundView> found;
    {
        nb::gil_scoped_release release;
        found = takeback::find_views(picture, most);
    }
    nb::list all;
    for (const takeback::FoundView& each : found) {
        const takeback::Box& box = each.box;
        all.append(nb::make_tuple(name_of(each.kind), box.left, box.top, box.width(), box.height(), each.likely));
    }
    return all;
}

nb::object cleared(const Array& pixels) {
    const takeback::Picture picture = as_picture(pixels);
    takeback::Cleared found;
    {
        nb::gil_scoped_release release;
        found = takeback::cleared(picture);
    }
    if (found.pixels.empty()) {
        return nb::none();
    }
    const auto height = static_cast<std::size_t>(found.height);
    const auto width = static_cast<std::size_t>(found.width);
    return nb::cast(as_array(std::move(found.pixels), {height, width, 3}));
}

}  // namespace

void add_views(nb::module_& module) {
    module.def("find_views", &find_views, nb::arg("pixels").noconvert(), nb::arg("most"));
    module.def("cleared", &cleared, nb::arg("pixels").noconvert());
}

}  // namespace binding
