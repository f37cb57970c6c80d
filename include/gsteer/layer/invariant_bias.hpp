// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

#include "gsteer/representation/layout.hpp"

namespace gsteer::detail {

/// The biases that a layer may add: one number for each invariant direction of each field, and the
/// channels that it reaches.
template <class Scalar>
struct InvariantBias {
  struct Entry {
    int channel, index;  ///< bias number `index` times `value` is added to the channel
    Scalar value;
  };
  std::vector<Entry> entries;
  int count = 0;  ///< of biases

  [[gnu::cold]] explicit InvariantBias(const channel_layout& layout) {
    for (const auto& block : layout) {
      const Eigen::MatrixXd directions = invariant_directions(block);
      for (int copy = 0; copy < block.copies; ++copy)
        for (int d = 0; d < directions.cols(); ++d, ++count)
          for (int m = 0; m < block.size; ++m)
            if (const auto value = static_cast<Scalar>(directions(m, d)); value != 0)
              entries.push_back({block.offset + copy * block.size + m, count, value});
    }
  }
};

}  // namespace gsteer::detail
