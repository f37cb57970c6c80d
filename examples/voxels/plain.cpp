// SPDX-License-Identifier: MIT
#include "voxels/learn.hpp"
#include "voxels/network.hpp"

namespace example {

Outcome learn_plain(const Experiment& experiment, const TrainingOptions& options) {
  return learn(make_plain_network<plain_width()>(), "plain CNN", experiment, options);
}

}  // namespace example
