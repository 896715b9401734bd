#include "level.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace takeback {
namespace {

constexpr const char* variable = "TAKEBACK_KERNEL";
constexpr Level every_level[] = {Level::portable, Level::neon, Level::avx2, Level::avx512};

// The flags that CMakeLists.txt compiles each level's files with; the operating system has to save the
// registers too, which the compiler's own test includes.
bool is_here(Level level) {
    switch (level) {
        case Level::portable:
            return true;
#if defined(__x86_64__)
        case Level::avx2:
            return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
        case Level::avx512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi2") &&
                   __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq") &&
                   __builtin_cpu_supports("popcnt");
#elif defined(__aarch64__)
        case Level::neon:
            return true;
#endif
        default:
            return false;
    }
}

Level best() {
    Level found = Level::portable;
    for (const Level candidate : every_level) {
        found = is_here(candidate) ? candidate : found;
    }
    return found;
}

std::string levels_here() {
    std::string names;
    for (const Level candidate : every_level) {
        if (is_here(candidate)) {
            names += names.empty() ? "" : ", ";
            names += name_of(candidate);
        }
    }
    return names;
}

Level chosen() {
    const char* asked = std::getenv(variable);
    if (asked == nullptr || *asked == '\0') {
        return best();
    }
    for (const Level candidate : every_level) {
        if (std::string(asked) == name_of(candidate) && is_here(candidate)) {
            return candidate;
        }
    }
    throw std::runtime_error(std::string(variable) + " is \"" + asked + "\"; this machine has: " + levels_here() +
                             ". Unset it to use the best of them.");
}

}  // namespace

Level level() {
    static const Level in_use = chosen();
    return in_use;
}

const char* name_of(Level level) {
    switch (level) {
        case Level::portable:
            return "portable";
        case Level::neon:
            return "neon";
        case Level::avx2:
            return "avx2";
        case Level::avx512:
            return "avx512";
    }
    return "portable";
}

}  // namespace takeback
