#include "binding.hpp"
#include "pdq/nearest.hpp"
#include "pdq/pdq.hpp"

namespace binding {

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
    // The stride of a side of 1 means nothing, and may be anything.
    if ((pixels.shape(1) > 1 && pixels.stride(1) != channels) || (colour && pixels.stride(2) != 1)) {
        throw nb::value_error("each row of pixels must be contiguous");
    }
    return {first, static_cast<std::ptrdiff_t>(pixels.shape(0)),
            static_cast<std::ptrdiff_t>(pixels.shape(1)), static_cast<std::ptrdiff_t>(pixels.stride(0)), channels};
}

namespace {

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

nb::ndarray<nb::numpy, std::uint8_t> nearest_512(const Array& pixels) {
    const takeback::Picture picture = as_picture(pixels);
    constexpr auto side = static_cast<std::size_t>(takeback::nearest_side);
    const auto channels = static_cast<std::size_t>(picture.channels);
    auto samples = std::make_unique<std::uint8_t[]>(side * side * channels);
    {
        nb::gil_scoped_release release;
        takeback::nearest_512(picture, samples.get());
    }
    std::uint8_t* raw = samples.get();
    nb::capsule owner(samples.release(), [](void* p) noexcept { delete[] static_cast<std::uint8_t*>(p); });
    const std::size_t shape[] = {side, side, channels};
    return nb::ndarray<nb::numpy, std::uint8_t>(raw, pixels.ndim(), shape, owner);
}

}  // namespace

void add_hashing(nb::module_& module) {
    module.def("pdq_hash", &pdq_hash, nb::arg("pixels").noconvert());
    module.def("nearest_512", &nearest_512, nb::arg("pixels").noconvert());
    module.def("pdq_orientations", &pdq_orientations, nb::arg("pixels").noconvert());
}

}  // namespace binding
