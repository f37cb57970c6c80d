// SPDX-License-Identifier: MIT
// A scan of a head with the regions of an atlas in it, as fields.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/gsteer.hpp"
#include "support/nifti.hpp"
#include "voxels/reduce.hpp"
#include "voxels/regions.hpp"

namespace example {

/// A scan, and the label of the atlas for each of its voxels, 3 mm apart.
struct Head {
  Volume scan, labels;
};

/// The files ch2bet.nii (the scan) and aal.nii (the atlas) of a folder, of voxels of 3 mm, or of
/// 1 mm: of these, 27 become one, with their mean in the scan and their most frequent label. What
/// is empty around the head is cut off. \throws gsteer::Error if they are missing, damaged, or not
/// on one grid
inline Head read_head(const std::filesystem::path& folder) {
  using gsteer::expect;
  Head head{read_nifti(folder / "ch2bet.nii"), read_nifti(folder / "aal.nii")};
  const std::string name = folder.string();
  expect(head.scan.sizes == head.labels.sizes && head.scan.spacing == head.labels.spacing &&
             head.scan.origin == head.labels.origin,
         name, ": expected ch2bet.nii and aal.nii on one grid");
  const auto [dx, dy, dz] = head.scan.spacing;
  const int factor = static_cast<int>(std::lround(3 / dx));
  expect(dx == dy && dx == dz && (factor == 1 || factor == 3) && factor * dx == 3, name,
         ": expected voxels of 1 mm or 3 mm, got ", dx, " x ", dy, " x ", dz);
  if (factor > 1) {
    head.scan = reduce(head.scan, factor, mean_value);
    head.labels = reduce(head.labels, factor, most_frequent);
  }
  std::array<int, 3> side{};
  for (int z = 0; z < head.scan.sizes[2]; ++z)
    for (int y = 0; y < head.scan.sizes[1]; ++y)
      for (int x = 0; x < head.scan.sizes[0]; ++x) {
        if (head.scan.at(x, y, z) == 0) continue;
        const std::array<int, 3> at{x, y, z};
        for (std::size_t axis = 0; axis < 3; ++axis)
          side[axis] = std::max(side[axis], std::abs(at[axis] - (head.scan.sizes[axis] - 1) / 2));
      }
  head.scan = trimmed(head.scan, side);
  head.labels = trimmed(head.labels, side);
  return head;
}

/// Scans, or windows of one.
using Scan = gsteer::GridField<gsteer::trivial<gsteer::SO<3>>>;

/// A place on the grid of a scan, whose axes run down, to the back and to the right.
struct Voxel {
  int z = 0, y = 0, x = 0;
};

/// A whole scan, and the region of each of its voxels that takes part, -1 for the others.
struct LabeledScan {
  Scan scan;
  std::vector<int> region;

  int at(const Voxel& v) const {
    const auto [depth, height, width] = scan.space().zyx();
    if (v.z < 0 || v.z >= depth || v.y < 0 || v.y >= height || v.x < 0 || v.x >= width) return -1;
    return region[static_cast<std::size_t>((v.z * height + v.y) * width + v.x)];
  }
};

enum class Side { left, right };

/// A head of which the voxels of one side take part, those more than `margin` mm from the plane
/// between the halves.
inline LabeledScan one_side(const Head& head, Side side, double margin) {
  const auto [width, height, depth] = head.scan.sizes;
  LabeledScan half{Scan(1, depth, height, width), {}};
  for (int z = 0; z < depth; ++z)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const int up = depth - 1 - z, front = height - 1 - y;  // rows of fields run down and back
        half.scan(0, 0, z, y, x) = static_cast<float>(head.scan.at(x, front, up)) / 128;
        const double to_the_right = head.scan.origin[0] + x * head.scan.spacing[0];
        const bool inside = side == Side::left ? to_the_right < -margin : to_the_right > margin;
        half.region.push_back(inside ? region_of(head.labels.at(x, front, up)) : -1);
      }
  return half;
}

/// Left and right exchanged.
inline LabeledScan mirrored(LabeledScan half) {
  Eigen::Matrix3d mirror = Eigen::Matrix3d::Identity();
  mirror(0, 0) = -1;
  half.scan = rotate_grid(half.scan, mirror);
  const auto width = static_cast<std::ptrdiff_t>(half.scan.width());
  for (auto row = half.region.begin(); row != half.region.end(); row += width)
    std::reverse(row, row + width);
  return half;
}

using VoxelsByRegion = std::array<std::vector<Voxel>, region_count>;

/// The voxels of each region that take part. \throws gsteer::Error if a region has none
inline VoxelsByRegion voxels_by_region(const LabeledScan& half) {
  VoxelsByRegion all;
  const auto [depth, height, width] = half.scan.space().zyx();
  for (int z = 0; z < depth; ++z)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        if (const int region = half.at({z, y, x}); region >= 0)
          all[static_cast<std::size_t>(region)].push_back({z, y, x});
  for (std::size_t r = 0; r < all.size(); ++r)
    gsteer::expect(!all[r].empty(), "no voxel is labeled ", regions[r].name);
  return all;
}

}  // namespace example
