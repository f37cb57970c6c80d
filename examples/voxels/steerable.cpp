// SPDX-License-Identifier: MIT
#include "voxels/learn.hpp"
#include "voxels/network.hpp"

namespace example {

Outcome learn_steerable(const Experiment& experiment, const TrainingOptions& options) {
  return learn(make_network(), "O(3)", experiment, options);
}

}  // namespace example
