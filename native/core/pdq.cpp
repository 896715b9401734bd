#include "pdq.hpp"

namespace takeback {
int bits_per_code() { return 256; }
}
