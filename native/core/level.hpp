// Which instructions the kernel uses, chosen once, when it is first asked.
//
// Each hot loop is written for every level, in a file of its own that is compiled for that level alone
// (hamming_avx2.cpp, ...). Whatever the level, the answers are equal to the last bit.
#pragma once

#include <vector>

namespace takeback {

enum class Level { portable, neon, avx2, avx512 };

// The level in use: the best that this processor has, or the one that the environment variable
// TAKEBACK_KERNEL names (portable, neon, avx2 or avx512). Throws std::runtime_error, saying what there is,
// where the named one is unknown or this processor lacks it.
Level level();

// Those that this processor has, the best last.
std::vector<Level> levels_here();

const char* name_of(Level level);

}  // namespace takeback
