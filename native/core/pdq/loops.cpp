#include "loops.hpp"

#include "level.hpp"

namespace takeback {

const HashLoops& hash_loops() {
    switch (level()) {
#if defined(__x86_64__)
        case Level::avx512:
            return hash_loops_avx512;
        case Level::avx2:
            return hash_loops_avx2;
#elif defined(__aarch64__)
        case Level::neon:
            return hash_loops_neon;
#endif
        default:
            return hash_loops_portable;
    }
}

}  // namespace takeback
