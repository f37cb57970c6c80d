// SPDX-License-Identifier: MIT
#include "rotated_digits/experiment.hpp"

namespace example {

void run_c8(const RunOptions& options) { run<gsteer::C<8>, 8>(options); }

}  // namespace example
