#include "level.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
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

std::string names_here() {
    std::string names;
    for (const Level each : levels_here()) {
        names += names.empty() ? "" : ", ";
        names += name_of(each);
    }
    return names;
}

Level chosen() {
    const char* asked = std::getenv(variable);
    if (asked == nullptr || *asked == '\0') {
        return levels_here().back();
    }
    for (const Level each : levels_here()) {
        if (std::string(asked) == name_of(each)) {
            return each;
        }
    }
    throw std::runtime_error(std::string(variable) + " is \"" + asked + "\"; this machine has: " + names_here() +
                             ". Unset it to use the best of them.");
}

}  // namespace

Level level() {
    static const Level in_use = chosen();
    return in_use;
}

std::vector<Level> levels_here() {
    std::vector<Level> found;
    std::copy_if(std::begin(every_level), std::end(every_level), std::back_inserter(found), is_here);
    return found;
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
