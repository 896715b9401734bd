#include "loops.hpp"

#include "level.hpp"

namespace takeback {

const GridLoops& grid_loops() {
    switch (level()) {
#if defined(__x86_64__)
        case Level::avx512:
            return grid_loops_avx512;
        case Level::avx2:
            return grid_loops_avx2;
#elif defined(__aarch64__)
        case Level::neon:
            return grid_loops_neon;
#endif
        default:
            return grid_loops_portable;
    }
}

}  // namespace takeback
