// SPDX-License-Identifier: MIT
#include "rotated_digits/experiment.hpp"

namespace example {

void run_c16(const RunOptions& options) { run<gsteer::C<16>, 5>(options); }

}  // namespace example
