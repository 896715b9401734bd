#include "kernel.hpp"

#include "level.hpp"

namespace takeback {

const Kernel& kernel() {
    switch (level()) {
#if defined(__x86_64__)
        case Level::avx512:
            return avx512_kernel;
        case Level::avx2:
            return avx2_kernel;
#elif defined(__aarch64__)
        case Level::neon:
            return neon_kernel;
#endif
        default:
            return portable_kernel;
    }
}

}  // namespace takeback
