// SPDX-License-Identifier: MIT
// A network trained, tested, and applied to whole slices.
#pragma once

#include <algorithm>
#include <vector>

#include "voxels/training.hpp"

namespace example {

/// The region with the largest score at a voxel.
template <class Scores>
int best_region(const Scores& scores, int b, const Voxel& v) {
  int best = 0;
  for (int c = 1; c < region_count; ++c)
    if (scores(b, c, v.z, v.y, v.x) > scores(b, best, v.z, v.y, v.x)) best = c;
  return best;
}

/// What a frozen network is worth: each window gives one voxel.
template <class Input, class Frozen>
Score percent_right(const Frozen& net, const Scan& windows, const std::vector<int>& labels) {
  Score right;
  std::array<int, region_count> count{};
  constexpr std::size_t part = 32;
  for (std::size_t begin = 0; begin < labels.size(); begin += part) {
    const std::size_t end = std::min(begin + part, labels.size());
    Input some(static_cast<int>(end - begin), windows.space());
    std::copy_n(windows.item(static_cast<int>(begin)).data(), some.size(), some.data());
    const auto scores = net.forward(some);
    for (std::size_t i = begin; i < end; ++i) {
      const int best = best_region(scores, static_cast<int>(i - begin), {});
      const auto region = static_cast<std::size_t>(labels[i]);
      ++count[region];
      right.of[region] += best == labels[i];
    }
  }
  for (std::size_t r = 0; r < right.of.size(); ++r) {
    right.of[r] *= 100.0 / std::max(1, count[r]);
    right.mean += right.of[r] / region_count;
  }
  return right;
}

/// The region that a network sees at each voxel of a box, [z][y][x]. The windows of every second
/// voxel along each axis are seen at once; the boxes of the 8 ways to begin fill the gaps.
template <class Input, class Frozen>
std::vector<int> regions_in(const Frozen& net, const Scan& scan, const Box& box) {
  std::vector<int> seen(static_cast<std::size_t>(box.size.z * box.size.y * box.size.x), -1);
  const auto window = [](int size, int begin) {
    return window_for((size - begin + output_step - 1) / output_step);
  };
  constexpr int reach = window_size / 2;
  for (int z = 0; z < std::min(output_step, box.size.z); ++z)
    for (int y = 0; y < std::min(output_step, box.size.y); ++y)
      for (int x = 0; x < std::min(output_step, box.size.x); ++x) {
        Input windows(1, window(box.size.z, z), window(box.size.y, y), window(box.size.x, x));
        cut(scan, {box.first.z + z - reach, box.first.y + y - reach, box.first.x + x - reach},
            windows, 0);
        const auto scores = net.forward(windows);
        for (int k = 0; k < scores.depth(); ++k)
          for (int j = 0; j < scores.height(); ++j)
            for (int i = 0; i < scores.width(); ++i)
              seen[static_cast<std::size_t>(
                  ((z + output_step * k) * box.size.y + y + output_step * j) * box.size.x + x +
                  output_step * i)] = best_region(scores, 0, {k, j, i});
      }
  return seen;
}

template <class Net>
Outcome learn(Net net, const std::string& name, const Experiment& experiment,
              const TrainingOptions& options) {
  constexpr int size = window_for(training_outputs);
  for (const auto& step : symmetry_report(net, Grid<3>{{size, size, size}}))
    expect(step.complaint.empty(), "layer ", step.layer, ": ", step.complaint);
  Outcome outcome{name, parameter_count(net), 0, {}, {}};
  std::printf("%s: %zu parameters\n", name.c_str(), outcome.parameters);
  outcome.seconds = train(net, experiment.halves, options, name.c_str());
  const auto frozen = net.freeze();
  for (std::size_t turn = 0; turn < experiment.windows.size(); ++turn)
    outcome.scores[turn] =
        percent_right<InputOf<Net>>(frozen, experiment.windows[turn], experiment.labels);
  for (const Slice& slice : experiment.slices) {
    show_progress("%s: slice %zu of %zu ", name.c_str(), outcome.seen.size() + 1,
                  experiment.slices.size());
    outcome.seen.push_back(regions_in<InputOf<Net>>(frozen, slice.scan->scan, slice.box));
  }
  end_progress();
  return outcome;
}

}  // namespace example
