// SPDX-License-Identifier: MIT
#include "rotated_digits/experiment.hpp"

namespace example {

void run_c4(const RunOptions& options) { run<gsteer::C<4>, 12>(options); }

}  // namespace example
