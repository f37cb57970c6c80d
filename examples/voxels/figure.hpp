// SPDX-License-Identifier: MIT
// The picture: slices through the head, upright and turned, with the regions of the atlas and those
// that the networks see.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "support/picture.hpp"
#include "voxels/experiment.hpp"

namespace example {

using namespace gsteer;

/// A labeled scan in a cube that holds it however it is turned.
inline LabeledScan in_cube(const LabeledScan& half, int size) {
  LabeledScan cube{Scan(1, size, size, size), {}};
  const auto [depth, height, width] = half.scan.space().zyx();
  const Voxel first{(depth - size) / 2, (height - size) / 2, (width - size) / 2};
  cut(half.scan, first, cube.scan, 0);
  for (int z = 0; z < size; ++z)
    for (int y = 0; y < size; ++y)
      for (int x = 0; x < size; ++x)
        cube.region.push_back(half.at({first.z + z, first.y + y, first.x + x}));
  return cube;
}

/// The position of voxel `v` of a cube, relative to its center.
inline Eigen::Vector3d position(const Voxel& v, int size) {
  const double center = (size - 1) / 2.0;
  return {v.x - center, center - v.y, center - v.z};
}
inline Voxel nearest_voxel(const Eigen::Vector3d& p, int size) {
  const double center = (size - 1) / 2.0;
  const auto round = [](double value) { return static_cast<int>(std::lround(value)); };
  return {round(center - p(2)), round(center - p(1)), round(center + p(0))};
}

/// A cube turned about its center; each voxel has the region of the nearest one.
inline LabeledScan turned(const LabeledScan& cube, const Eigen::Matrix3d& rotation) {
  LabeledScan moved{rotate_grid(cube.scan, rotation, Resampling::cubic), {}};
  const int size = cube.scan.width();
  const Eigen::Matrix3d back = rotation.transpose();
  for (int z = 0; z < size; ++z)
    for (int y = 0; y < size; ++y)
      for (int x = 0; x < size; ++x) {
        const Eigen::Vector3d from = back * position({z, y, x}, size);
        moved.region.push_back(cube.at(nearest_voxel(from, size)));
      }
  return moved;
}

/// Draws one slice: the scan in gray, in color the regions of the voxels that take part.
inline void draw_slice(Picture& picture, int left, int top, int scale, const Slice& slice,
                       const std::vector<int>& shown) {
  // Seen from above, from the front and from the right: rows run along y or z, columns along x or
  // y.
  const LabeledScan& cube = *slice.scan;
  const auto& [first, size] = slice.box;
  const bool axial = size.z == 1, sagittal = size.x == 1;
  const int rows = axial ? size.y : size.z, columns = sagittal ? size.y : size.x;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) {
      const Voxel in_box{axial ? 0 : i, axial ? i : sagittal ? j : 0, sagittal ? 0 : j};
      const Voxel at{first.z + in_box.z, first.y + in_box.y, first.x + in_box.x};
      const double value = static_cast<double>(cube.scan(0, 0, at.z, at.y, at.x));
      Color color = gray(std::clamp(value / 1.3, 0.0, 1.0));
      const int region =
          shown[static_cast<std::size_t>((in_box.z * size.y + in_box.y) * size.x + in_box.x)];
      if (cube.at(at) >= 0 && region >= 0)
        for (std::size_t c = 0; c < 3; ++c) {
          const double tint = regions[static_cast<std::size_t>(region)].color[c];
          color[c] = static_cast<std::uint8_t>(0.3 * color[c] + 0.7 * tint);
        }
      for (int a = 0; a < scale; ++a)
        for (int b = 0; b < scale; ++b)
          picture.set(left + scale * j + b, top + scale * i + a, color);
    }
}

/// The slices through a voxel: axial, coronal and sagittal.
inline std::array<Box, 3> slices_through(const Voxel& v, int size) {
  return {{{{v.z, 0, 0}, {1, size, size}},
           {{0, v.y, 0}, {size, 1, size}},
           {{0, 0, v.x}, {size, size, 1}}}};
}

/// The regions of the atlas in a slice.
inline std::vector<int> regions_of(const Slice& slice) {
  std::vector<int> all;
  const auto& [first, size] = slice.box;
  for (int z = 0; z < size.z; ++z)
    for (int y = 0; y < size.y; ++y)
      for (int x = 0; x < size.x; ++x)
        all.push_back(slice.scan->at({first.z + z, first.y + y, first.x + x}));
  return all;
}

/// What the picture shows: three slices of the head as it was scanned, and three of it turned, all
/// through one voxel of the half that takes part.
class Gallery {
 public:
  explicit Gallery(const LabeledScan& half) : upright_(in_cube(half, size)) {
    Rng rng(3);
    const Eigen::Matrix3d rotation =
        special_orthogonal<3>::action(special_orthogonal<3>::sample(rng));
    turned_ = turned(upright_, rotation);
    const Voxel through{36, 38, 43};
    for (const Box& box : slices_through(through, size)) slices_.push_back({&upright_, box});
    const Voxel moved = nearest_voxel(rotation * position(through, size), size);
    for (const Box& box : slices_through(moved, size)) slices_.push_back({&turned_, box});
  }
  Gallery(const Gallery&) = delete;  // the slices point to the scans
  Gallery& operator=(const Gallery&) = delete;

  const std::vector<Slice>& slices() const { return slices_; }

  /// \throws gsteer::Error if the file cannot be written
  void draw(const std::string& path, const std::vector<Outcome>& outcomes) const {
    constexpr int scale = 3, tile = size * scale, gap = 6, left = 112, top = 74;
    const int rows = 1 + static_cast<int>(outcomes.size());
    const auto column = [](int s) { return left + s * (tile + gap) + (s / 3) * 3 * gap; };
    Picture picture(column(6) - 2 * gap, top + rows * (tile + gap) + 44);
    picture.text(left, 14,
                 "Regions in the half that no network was trained on: the scan as it is, and "
                 "turned",
                 1.6);
    picture.text(column(0), top - 22, "upright", 1.4);
    picture.text(column(3), top - 22, "turned", 1.4);
    for (int row = 0; row < rows; ++row) {
      const int y = top + row * (tile + gap);
      const Outcome* const outcome =
          row == 0 ? nullptr : &outcomes[static_cast<std::size_t>(row - 1)];
      picture.text(12, y + tile / 2.0 - 8, outcome ? outcome->name : "atlas", 1.4);
      for (std::size_t s = 0; s < slices_.size(); ++s)
        draw_slice(picture, column(static_cast<int>(s)), y, scale, slices_[s],
                   outcome ? outcome->seen[s] : regions_of(slices_[s]));
    }
    double x = left;
    const int y = top + rows * (tile + gap) + 14;
    for (const Region& region : regions) {
      for (int i = 0; i < 12; ++i)
        for (int j = 0; j < 12; ++j) picture.set(static_cast<int>(x) + j, y + i, region.color);
      picture.text(x + 18, y, region.name, 1.3);
      x += 18 + Picture::text_width(region.name, 1.3) + 28;
    }
    picture.write_png(path);
  }

 private:
  static constexpr int size = 69;  // voxels; the head fits however it is turned
  LabeledScan upright_, turned_;
  std::vector<Slice> slices_;
};

}  // namespace example
