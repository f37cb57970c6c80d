// SPDX-License-Identifier: MIT
// The training loop, with progress and checkpoints.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/io/checkpoint.hpp"
#include "support/progress.hpp"
#include "voxels/experiment.hpp"

namespace example {

using namespace gsteer;

/// Voxels along each axis that a window of the training tells about.
inline constexpr int training_outputs = 3;

/// Volumes that a network takes.
template <class Net>
using InputOf = Field<typename Net::in, float, Grid<3>>;

/// A batch of windows, and the regions of the voxels that their outputs are about.
template <class Input>
struct Batch {
  Input windows;
  std::vector<int> regions;  ///< [window][z][y][x], -1: none
};

/// Draws windows, all regions equally often: such that a voxel of the region is one of those that
/// the window tells about.
template <class Input>
Batch<Input> draw_batch(const std::vector<TrainingHalf>& halves, const TrainingOptions& options,
                        Rng& rng) {
  const auto one_of = [&rng](const auto& list) -> const auto& {
    return list[static_cast<std::size_t>(rng.below(static_cast<int>(list.size())))];
  };
  constexpr int size = window_for(training_outputs), reach = output_step * (training_outputs / 2);
  Batch<Input> batch{Input(options.batch, size, size, size), {}};
  for (int b = 0; b < options.batch; ++b) {
    const TrainingHalf& from = one_of(halves);
    Voxel center = one_of(one_of(from.by_region));
    for (int* axis : {&center.z, &center.y, &center.x})
      *axis += output_step * rng.below(training_outputs) - reach;
    cut(from.half.scan, {center.z - size / 2, center.y - size / 2, center.x - size / 2},
        batch.windows, b);
    for (int z = -reach; z <= reach; z += output_step)
      for (int y = -reach; y <= reach; y += output_step)
        for (int x = -reach; x <= reach; x += output_step)
          batch.regions.push_back(from.half.at({center.z + z, center.y + y, center.x + x}));
  }
  return batch;
}

/// The mean cross entropy over the voxels that have a region, its gradient, and the share of them
/// that is right.
template <class Scores>
auto segmentation_loss(const Scores& scores, const std::vector<int>& wanted) {
  using Items = Field<typename Scores::features, float, Point>;
  std::vector<std::pair<int, int>> where;  // item and point
  std::vector<int> labels;
  for (int b = 0; b < scores.batch(); ++b)
    for (int p = 0; p < scores.points(); ++p)
      if (const int region = wanted[static_cast<std::size_t>(b * scores.points() + p)];
          region >= 0) {
        where.emplace_back(b, p);
        labels.push_back(region);
      }
  Items items(static_cast<int>(labels.size()));
  for (int i = 0; i < items.batch(); ++i) {
    const auto [b, p] = where[static_cast<std::size_t>(i)];
    for (int c = 0; c < items.channels(); ++c) items(i, c) = scores.item(b)(c, p);
  }
  const auto [loss, d_items] = cross_entropy(items, labels, 0.05);
  Scores gradient(scores.batch(), scores.space());
  for (int i = 0; i < items.batch(); ++i) {
    const auto [b, p] = where[static_cast<std::size_t>(i)];
    for (int c = 0; c < items.channels(); ++c) gradient.item(b)(c, p) = d_items(i, c);
  }
  struct Result {
    double loss;
    Scores gradient;
    double right;
  };
  return Result{loss, std::move(gradient), accuracy(items, labels)};
}

/// Trains on one half of the head and its mirror image, neither ever turned. Returns the seconds.
template <class Net>
double train(Net& net, const std::vector<TrainingHalf>& halves, const TrainingOptions& options,
             const char* name) {
  initialize(net, Rng{options.seed});
  Adam optimizer{net, {.learning_rate = options.learning_rate, .weight_decay = 0.01}};
  const CosineDecay schedule{.rate = options.learning_rate,
                             .steps = std::max(1, options.epochs * options.steps)};
  TrainingState state{.rng = Rng{options.seed + 1}};
  if (!options.resume.empty()) {
    state = load_checkpoint(options.resume, net, optimizer);
    std::printf("%s: resumed after epoch %d\n", name, static_cast<int>(state.epoch));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto first = state.epoch;
  while (state.epoch < options.epochs) {
    double loss_sum = 0, right = 0;
    for (int step = 1; step <= options.steps; ++step) {
      auto batch = draw_batch<InputOf<Net>>(halves, options, state.rng);
      const auto result = segmentation_loss(net.forward(std::move(batch.windows)), batch.regions);
      net.backward(result.gradient);
      optimizer.set_learning_rate(schedule(optimizer.steps()));
      optimizer.step();
      loss_sum += result.loss;
      right += result.right;
      show_progress("%s: epoch %2d of %d, step %3d of %d, loss %.3f ", name,
                    static_cast<int>(state.epoch) + 1, options.epochs, step, options.steps,
                    loss_sum / step);
    }
    ++state.epoch;
    if (!options.save.empty()) save_checkpoint(options.save, net, optimizer, state);
    const double each = seconds() / static_cast<double>(state.epoch - first);
    end_progress();
    std::printf("%s: epoch %2d of %d, loss %.3f, right %5.1f %% of training, %4.0f s left\n", name,
                static_cast<int>(state.epoch), options.epochs, loss_sum / options.steps,
                100 * right / options.steps,
                each * static_cast<double>(options.epochs - state.epoch));
    std::fflush(stdout);
  }
  return seconds();
}

}  // namespace example
