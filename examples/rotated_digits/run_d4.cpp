// SPDX-License-Identifier: MIT
#include "rotated_digits/experiment.hpp"

namespace example {

void run_d4(const RunOptions& options) { run<gsteer::D<4>, 8>(options); }

}  // namespace example
