#define LOOPS_VECTOR_BYTES 64
#include "loops_shared.hpp"

namespace takeback {

const GridLoops grid_loops_avx512 = {transform_rows, count_zeros, stronger};

}  // namespace takeback
