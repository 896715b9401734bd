#include "grid/grid.hpp"

#include "binding.hpp"

namespace binding {
namespace {

nb::tuple grid_votes(const Array& luminance) {
    const takeback::Picture picture = as_picture(luminance);
    if (picture.channels != 1) {
        throw nb::value_error("luminance has shape [height, width]");
    }
    takeback::GridVotes found;
    {
        nb::gil_scoped_release release;
        found = takeback::grid_votes(picture);
    }
    const auto height = static_cast<std::size_t>(found.height);
    const auto width = static_cast<std::size_t>(found.width);
    const bool has_blocks = !found.zeros.empty();
    const std::vector<std::size_t> blocks = {has_blocks ? height - 7 : 0, has_blocks ? width - 7 : 0};
    return nb::make_tuple(as_array(std::move(found.zeros), blocks), as_array(std::move(found.votes), {height, width}));
}

nb::tuple parts_of(const Array& mask, std::ptrdiff_t reach) {
    const takeback::Picture picture = as_picture(mask);
    if (picture.channels != 1 || reach < 1 || reach > 8) {
        throw nb::value_error("a mask has shape [height, width], and reach is 1 to 8");
    }
    takeback::Parts found;
    {
        nb::gil_scoped_release release;
        found = takeback::parts_of(picture.pixels, picture.height, picture.width, picture.row_stride, reach);
    }
    const auto height = static_cast<std::size_t>(picture.height);
    const auto width = static_cast<std::size_t>(picture.width);
    return nb::make_tuple(as_array(std::move(found.labels), {height, width}), found.count);
}

}  // namespace

void add_grid(nb::module_& module) {
    module.def("grid_votes", &grid_votes, nb::arg("luminance").noconvert());
    module.def("parts_of", &parts_of, nb::arg("mask").noconvert(), nb::arg("reach"));
}

}  // namespace binding
