#define LOOPS_VECTOR_BYTES 16
#include "loops_shared.hpp"

namespace takeback {

const GridLoops grid_loops_portable = {transform_rows, count_zeros, stronger};

}  // namespace takeback
