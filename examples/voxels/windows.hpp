// SPDX-License-Identifier: MIT
// Windows of a scan, upright and turned.
#pragma once

#include <algorithm>
#include <vector>

#include "voxels/head.hpp"

namespace example {

/// The voxels that a network sees to tell the region of the one in their middle, along each axis;
/// and how far apart those are that it tells about at once.
inline constexpr int window_size = 23, output_step = 2;

/// The side of the windows from which a network tells about outputs^3 voxels.
constexpr int window_for(int outputs) { return window_size + output_step * (outputs - 1); }

/// Copies a box of voxels, from `first` on, to item b of the windows; zero outside the scan.
template <class Windows>
void cut(const Scan& scan, const Voxel& first, Windows& windows, int b) {
  const auto [depth, height, width] = scan.space().zyx();
  const int left = std::clamp(-first.x, 0, windows.width()),
            right = std::clamp(width - first.x, left, windows.width());
  for (int z = 0; z < windows.depth(); ++z)
    for (int y = 0; y < windows.height(); ++y) {
      const int from_z = first.z + z, from_y = first.y + y;
      const bool inside = from_z >= 0 && from_z < depth && from_y >= 0 && from_y < height;
      for (int x = 0; x < windows.width(); ++x)
        windows(b, 0, z, y, x) =
            inside && x >= left && x < right ? scan(0, 0, from_z, from_y, first.x + x) : 0.0f;
    }
}

/// Windows of size^3 voxels around some voxels.
inline Scan windows_around(const LabeledScan& half, const std::vector<Voxel>& centers, int size) {
  Scan windows(static_cast<int>(centers.size()), size, size, size);
  for (int b = 0; b < windows.batch(); ++b) {
    const Voxel& c = centers[static_cast<std::size_t>(b)];
    cut(half.scan, {c.z - size / 2, c.y - size / 2, c.x - size / 2}, windows, b);
  }
  return windows;
}

/// How a window is turned before a network sees it.
enum class Turn {
  none,
  lattice,  ///< by one of the 23 rotations of the cube, which take voxels to voxels
  any       ///< uniformly over all rotations, the window cut out of a larger one
};

/// Windows around voxels, each turned by a rotation of its own.
inline Scan turned_windows(const LabeledScan& half, const std::vector<Voxel>& centers, Turn turn,
                           gsteer::Rng rng) {
  using Rotations = gsteer::special_orthogonal<3>;
  if (turn == Turn::none) return windows_around(half, centers, window_size);
  // Larger than the diagonal of a window, so that no corner of nothing comes in.
  const int large = turn == Turn::lattice ? window_size : 43, rim = (large - window_size) / 2;
  const auto lattice = Rotations::lattice_elements();  // the identity comes first
  Scan windows(static_cast<int>(centers.size()), window_size, window_size, window_size);
  std::vector<Eigen::Matrix3d> rotations;
  for (int b = 0; b < windows.batch(); ++b)
    rotations.push_back(Rotations::action(turn == Turn::lattice
                                              ? lattice[static_cast<std::size_t>(1 + rng.below(23))]
                                              : Rotations::sample(rng)));
  gsteer::parallel_for(windows.batch(), [&](int b) {
    const auto i = static_cast<std::size_t>(b);
    const auto one = rotate_grid(windows_around(half, {centers[i]}, large), rotations[i],
                                 gsteer::Resampling::cubic);
    cut(one, {rim, rim, rim}, windows, b);
  });
  return windows;
}

}  // namespace example
