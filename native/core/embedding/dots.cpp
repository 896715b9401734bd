#include "dots.hpp"

namespace takeback {

void dots_portable(const std::uint8_t*, std::size_t, const std::int8_t*, std::size_t, std::int32_t*);
#if defined(__x86_64__)
void dots_avx2(const std::uint8_t*, std::size_t, const std::int8_t*, std::size_t, std::int32_t*);
void dots_avx512(const std::uint8_t*, std::size_t, const std::int8_t*, std::size_t, std::int32_t*);
#elif defined(__aarch64__)
void dots_neon(const std::uint8_t*, std::size_t, const std::int8_t*, std::size_t, std::int32_t*);
#endif

DotLoop dot_loop() {
    switch (level()) {
#if defined(__x86_64__)
        case Level::avx2:
            return dots_avx2;
        case Level::avx512:
            return dots_avx512;
#elif defined(__aarch64__)
        case Level::neon:
            return dots_neon;
#endif
        default:
            return dots_portable;
    }
}

}  // namespace takeback
