#include "binding.hpp"
#include "pixels/resample.hpp"

namespace binding {
namespace {

// The largest side that any picture has (JPEG: ITU-T T.81 B.2.2).
constexpr std::ptrdiff_t longest_side = 65535;

using Resample = void (*)(const takeback::Picture&, std::ptrdiff_t, std::ptrdiff_t, std::uint8_t*);

nb::ndarray<nb::numpy, std::uint8_t> resampled(Resample work, const Array& pixels, std::ptrdiff_t height,
                                               std::ptrdiff_t width, int channels) {
    const takeback::Picture picture = as_picture(pixels);
    if (height < 1 || width < 1 || height > longest_side || width > longest_side) {
        throw nb::value_error("a side has 1 to 65535 pixels");
    }
    if (picture.height > height * takeback::most_shrunk || picture.width > width * takeback::most_shrunk) {
        throw nb::value_error("a side becomes at most 256 times shorter");
    }
    const std::size_t shape[] = {static_cast<std::size_t>(height), static_cast<std::size_t>(width),
                                 static_cast<std::size_t>(channels)};
    auto samples = std::make_unique<std::uint8_t[]>(shape[0] * shape[1] * shape[2]);
    {
        nb::gil_scoped_release release;
        work(picture, height, width, samples.get());
    }
    std::uint8_t* raw = samples.get();
    nb::capsule owner(samples.release(), [](void* p) noexcept { delete[] static_cast<std::uint8_t*>(p); });
    return nb::ndarray<nb::numpy, std::uint8_t>(raw, channels == 1 ? 2 : 3, shape, owner);
}

}  // namespace

void add_pixels(nb::module_& module) {
    module.def(
        "resample",
        [](const Array& pixels, std::ptrdiff_t height, std::ptrdiff_t width) {
            return resampled(&takeback::resample, pixels, height, width, pixels.ndim() == 3 ? 3 : 1);
        },
        nb::arg("pixels").noconvert(), nb::arg("height"), nb::arg("width"));
    module.def(
        "resample_luminance",
        [](const Array& pixels, std::ptrdiff_t height, std::ptrdiff_t width) {
            return resampled(&takeback::resample_luminance, pixels, height, width, 1);
        },
        nb::arg("pixels").noconvert(), nb::arg("height"), nb::arg("width"));
}

}  // namespace binding
