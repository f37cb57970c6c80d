// SPDX-License-Identifier: MIT
// What both networks go through. Each is a translation unit of its own, so that they compile side
// by side.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "voxels/windows.hpp"

namespace example {

struct TrainingOptions {
  int epochs = 32;
  int steps = 25;  ///< of an epoch
  int batch = 16;  ///< windows
  std::uint64_t seed = 1;
  double learning_rate = 1e-2;
  std::filesystem::path save;    ///< checkpoint after every epoch; empty: none
  std::filesystem::path resume;  ///< checkpoint to go on from; empty: from the start
};

/// What the batches are drawn from.
struct TrainingHalf {
  explicit TrainingHalf(LabeledScan scan)
      : half(std::move(scan)), by_region(voxels_by_region(half)) {}

  LabeledScan half;
  VoxelsByRegion by_region;
};

/// Voxels to test with, as many of each region.
struct TestVoxels {
  std::vector<Voxel> voxels;
  std::vector<int> labels;
};

/// Draws `count` voxels of each region, or takes all if there are fewer.
inline TestVoxels draw_test_voxels(const LabeledScan& half, int count, gsteer::Rng rng) {
  TestVoxels set;
  auto by_region = voxels_by_region(half);
  for (int region = 0; region < region_count; ++region) {
    auto& all = by_region[static_cast<std::size_t>(region)];
    for (int i = 0; i < count && !all.empty(); ++i) {
      std::swap(all[static_cast<std::size_t>(rng.below(static_cast<int>(all.size())))], all.back());
      set.voxels.push_back(all.back());
      set.labels.push_back(region);
      all.pop_back();
    }
  }
  return set;
}

/// A box of voxels: where it begins, and its sizes.
struct Box {
  Voxel first, size;
};

/// A slice of a scan in which every voxel is to be told.
struct Slice {
  const LabeledScan* scan = nullptr;
  Box box;
};

struct Experiment {
  std::vector<TrainingHalf> halves;
  std::array<Scan, 3> windows;  ///< to test with, turned as Turn says, in its order
  std::vector<int> labels;      ///< of these windows
  std::vector<Slice> slices;
};

/// Percent of the voxels of each region that a network says are of it, and the mean.
struct Score {
  std::array<double, region_count> of{};
  double mean = 0;
};

struct Outcome {
  std::string name;
  std::size_t parameters = 0;
  double seconds = 0;
  std::array<Score, 3> scores;         ///< in the order of Turn
  std::vector<std::vector<int>> seen;  ///< the region of each voxel of each slice, [z][y][x]
};

Outcome learn_steerable(const Experiment& experiment, const TrainingOptions& options);
/// With about as many parameters.
Outcome learn_plain(const Experiment& experiment, const TrainingOptions& options);

}  // namespace example
