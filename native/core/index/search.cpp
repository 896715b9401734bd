#include "search.hpp"

namespace takeback {

extern const SearchLoops search_loops_portable;
#if defined(__x86_64__)
extern const SearchLoops search_loops_avx2;
extern const SearchLoops search_loops_avx512;
#elif defined(__aarch64__)
extern const SearchLoops search_loops_neon;
#endif

const SearchLoops& search_loops() {
    switch (level()) {
#if defined(__x86_64__)
        case Level::avx2:
            return search_loops_avx2;
        case Level::avx512:
            return search_loops_avx512;
#elif defined(__aarch64__)
        case Level::neon:
            return search_loops_neon;
#endif
        default:
            return search_loops_portable;
    }
}

}  // namespace takeback
