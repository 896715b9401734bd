#include "search.hpp"

namespace takeback {

extern const SearchCalls search_portable;
#if defined(__x86_64__)
extern const SearchCalls search_avx2;
extern const SearchCalls search_avx512;
#elif defined(__aarch64__)
extern const SearchCalls search_neon;
#endif

const SearchCalls& search_calls(Level level) {
    switch (level) {
#if defined(__x86_64__)
        case Level::avx2:
            return search_avx2;
        case Level::avx512:
            return search_avx512;
#elif defined(__aarch64__)
        case Level::neon:
            return search_neon;
#endif
        default:
            return search_portable;
    }
}

}  // namespace takeback
