#include "binding.hpp"
#include "jpeg/coefficients.hpp"

namespace binding {
namespace {

nb::tuple jpeg_coefficients(const nb::bytes& data, std::size_t components, std::size_t max_blocks) {
    takeback::JpegCoefficients found;
    {
        const auto* bytes = static_cast<const std::uint8_t*>(data.data());
        const std::size_t size = data.size();
        nb::gil_scoped_release release;
        found = takeback::read_coefficients(bytes, size, {components, max_blocks});
    }
    nb::list all;
    for (takeback::ComponentCoefficients& each : found.components) {
        std::vector<std::uint16_t> steps(each.steps.begin(), each.steps.end());
        const std::vector<std::size_t> shape = {each.rows, each.columns, takeback::block_values};
        all.append(nb::make_tuple(as_array(std::move(each.values), shape), as_array(std::move(steps)), each.across,
                                  each.down));
    }
    return nb::make_tuple(found.width, found.height, found.is_progressive, all);
}

}  // namespace

void add_jpeg(nb::module_& module) {
    nb::exception<takeback::DamagedJpeg>(module, "DamagedJpeg", PyExc_ValueError);
    nb::exception<takeback::UnsupportedJpeg>(module, "UnsupportedJpeg", PyExc_ValueError);
    module.def("jpeg_coefficients", &jpeg_coefficients, nb::arg("data"), nb::arg("components"), nb::arg("max_blocks"));
}

}  // namespace binding
