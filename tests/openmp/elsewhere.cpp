// SPDX-License-Identifier: MIT
#include "openmp/elsewhere.hpp"

#include "gsteer/core/parallel.hpp"

#ifdef _OPENMP
#error "this file must be compiled without OpenMP"
#endif

void loop_without_openmp(int count, void (*body)(int)) {
  gsteer::parallel_for(count, [&](int i) { body(i); });
}
