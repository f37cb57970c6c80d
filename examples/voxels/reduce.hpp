// SPDX-License-Identifier: MIT
// Volumes made coarser, and cut to what is not empty.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/nifti.hpp"

namespace example {

/// Zero outside.
inline int value_at(const Volume& volume, const std::array<int, 3>& p) {
  for (std::size_t axis = 0; axis < 3; ++axis)
    if (p[axis] < 0 || p[axis] >= volume.sizes[axis]) return 0;
  return volume.at(p[0], p[1], p[2]);
}

/// Blocks of factor^3 voxels made one, by `merge` (of their values); the middle block is centered
/// on the middle voxel, and blocks that stick out are filled with zeros.
template <class Merge>
Volume reduce(const Volume& fine, int factor, Merge&& merge) {
  Volume coarse;
  std::array<int, 3> first{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const int n = fine.sizes[axis], middle = (n - 1) / 2;
    const int side = (std::max(middle, n - 1 - middle) + (factor - 1) / 2) / factor;
    coarse.sizes[axis] = 2 * side + 1;
    first[axis] = middle - side * factor;
    coarse.spacing[axis] = factor * fine.spacing[axis];
    coarse.origin[axis] = fine.origin[axis] + first[axis] * fine.spacing[axis];
  }
  std::vector<int> block(static_cast<std::size_t>(factor * factor * factor));
  const int reach = (factor - 1) / 2;
  for (int z = 0; z < coarse.sizes[2]; ++z)
    for (int y = 0; y < coarse.sizes[1]; ++y)
      for (int x = 0; x < coarse.sizes[0]; ++x) {
        std::size_t i = 0;
        for (int c = -reach; c <= reach; ++c)
          for (int b = -reach; b <= reach; ++b)
            for (int a = -reach; a <= reach; ++a)
              block[i++] = value_at(fine, {first[0] + x * factor + a, first[1] + y * factor + b,
                                           first[2] + z * factor + c});
        coarse.values.push_back(static_cast<std::uint8_t>(merge(block)));
      }
  return coarse;
}

inline int mean_value(const std::vector<int>& block) {
  int sum = 0;
  for (const int v : block) sum += v;
  const int count = static_cast<int>(block.size());
  return (2 * sum + count) / (2 * count);
}
inline int most_frequent(std::vector<int>& block) {
  std::sort(block.begin(), block.end());
  int best = block[0];
  std::ptrdiff_t most = 0;
  for (auto i = block.begin(); i != block.end();) {
    const auto next = std::upper_bound(i, block.end(), *i);
    if (next - i > most) {
      most = next - i;
      best = *i;
    }
    i = next;
  }
  return best;
}

/// The part of a volume within `side` voxels of its middle along each axis.
inline Volume trimmed(const Volume& whole, const std::array<int, 3>& side) {
  Volume part;
  std::array<int, 3> first{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    first[axis] = (whole.sizes[axis] - 1) / 2 - side[axis];
    part.sizes[axis] = 2 * side[axis] + 1;
    part.spacing[axis] = whole.spacing[axis];
    part.origin[axis] = whole.origin[axis] + first[axis] * whole.spacing[axis];
  }
  for (int z = 0; z < part.sizes[2]; ++z)
    for (int y = 0; y < part.sizes[1]; ++y)
      for (int x = 0; x < part.sizes[0]; ++x)
        part.values.push_back(
            static_cast<std::uint8_t>(value_at(whole, {first[0] + x, first[1] + y, first[2] + z})));
  return part;
}

}  // namespace example
