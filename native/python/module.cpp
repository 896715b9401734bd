// The face that Python sees, documented in _native.pyi.
#include <exception>

#include "binding.hpp"
#include "level.hpp"

NB_MODULE(_native, module) {
    module.doc() = "The kernel: PDQ, Hamming distance, pixels to another size, grids and coefficients of JPEG. "
                   "Documented in _native.pyi.";
    try {
        nanobind::list here;
        for (const takeback::Level each : takeback::levels_here()) {
            here.append(takeback::name_of(each));
        }
        module.attr("LEVELS") = nanobind::tuple(here);
        module.attr("LEVEL") = takeback::name_of(takeback::level());
    } catch (const std::exception& problem) {
        throw nanobind::import_error(problem.what());
    }
    binding::add_embedding(module);
    binding::add_grid(module);
    binding::add_hashing(module);
    binding::add_index(module);
    binding::add_jpeg(module);
    binding::add_pixels(module);
    binding::add_views(module);
}
