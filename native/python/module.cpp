#include <nanobind/nanobind.h>

#include "pdq.hpp"

NB_MODULE(_native, m) { m.def("bits_per_code", &takeback::bits_per_code); }
