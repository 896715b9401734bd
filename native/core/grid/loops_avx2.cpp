#define LOOPS_VECTOR_BYTES 32
#include "loops_shared.hpp"

namespace takeback {

const GridLoops grid_loops_avx2 = {transform_rows, count_zeros, stronger};

}  // namespace takeback
