// SPDX-License-Identifier: MIT
// The training loop, and what the network is worth.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/io/checkpoint.hpp"
#include "gsteer/layer/procrustes.hpp"
#include "relative_rotation/network.hpp"
#include "support/progress.hpp"

namespace example {

inline constexpr double degrees = std::numbers::pi / 180;

/// The rotations that a network and the Procrustes head find for some pairs.
template <class Scalar, class Net, class Head>
auto rotations(Net& net, Head& head, const std::vector<CloudPair>& pairs, double cutoff) {
  std::vector<const Eigen::MatrixXd*> clouds;
  for (const auto& pair : pairs) clouds.push_back(&pair.first);
  for (const auto& pair : pairs) clouds.push_back(&pair.second);
  auto [graph, features] = make_clouds<Scalar>(clouds, cutoff);
  auto vectors = net.forward(std::move(features), graph);
  using Vectors = decltype(vectors);
  const int count = static_cast<int>(pairs.size());
  const auto first = Vectors::map(vectors.data(), count, Point{});
  const auto second = Vectors::map(&vectors(count, 0), count, Point{});
  return std::pair{head.forward(first, second), std::move(graph)};
}

/// What is left between the rotations found and the true ones, in degrees.
inline std::vector<double> angles(const std::vector<NearestRotation>& found,
                                  const std::vector<CloudPair>& pairs) {
  std::vector<double> all;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    all.push_back(angle_between(found[i].rotation, pairs[i].turn) / degrees);
  return all;
}

inline double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The errors in degrees over `count` pairs of each shape. `net` is frozen.
template <class Scalar, class Net>
std::vector<double> evaluate(const Net& net, const std::vector<Shape>& shapes,
                             const PairOptions& options, int count, double cutoff, Rng& rng) {
  const auto head = Procrustes<fields::answer, Scalar>{}.freeze();
  std::vector<CloudPair> pairs;
  for (const auto& shape : shapes)
    for (int i = 0; i < count; ++i) pairs.push_back(random_pair(shape.surface, options, rng));
  // A few at a time: the points of all would need much memory.
  constexpr std::size_t part = 8;
  const auto parts = static_cast<int>((pairs.size() + part - 1) / part);
  std::vector<double> errors(pairs.size());
  parallel_for(parts, [&](int i) {
    const std::size_t begin = part * static_cast<std::size_t>(i),
                      end = std::min(begin + part, pairs.size());
    const std::vector<CloudPair> own(pairs.begin() + static_cast<std::ptrdiff_t>(begin),
                                     pairs.begin() + static_cast<std::ptrdiff_t>(end));
    const auto some = angles(rotations<Scalar>(net, head, own, cutoff).first, own);
    std::copy(some.begin(), some.end(), errors.begin() + static_cast<std::ptrdiff_t>(begin));
  });
  return errors;
}

struct TrainingOptions {
  int steps = 1400;
  int batch = 16;  ///< pairs of clouds
  int parts = 2;   ///< of a batch, which threads work on side by side; the result depends on it
  std::uint64_t seed = 1;
  double learning_rate = 0.06;
  PairOptions pairs;
  std::filesystem::path save;    ///< checkpoint now and then; empty: none
  std::filesystem::path resume;  ///< checkpoint to go on from; empty: from the start
  /// What a run must have in common with the one that it resumes.
  std::map<std::string, std::string> notes{};
};

/// Steps between two checkpoints.
inline constexpr int epoch_length = 25;

/// One part of a batch of `all` pairs: the gradients of the mean of |R^ - R|^2, and the errors.
template <class Net>
std::vector<double> learn(Net& net, const std::vector<CloudPair>& pairs, int all, double cutoff) {
  Procrustes<fields::answer> head;
  const auto [found, graph] = rotations<float>(net, head, pairs, cutoff);
  std::vector<Eigen::Matrix3d> gradient;
  for (std::size_t i = 0; i < pairs.size(); ++i)
    gradient.push_back(2.0 / all * (found[i].rotation - pairs[i].turn));
  const auto d = head.backward(gradient);
  PointField<fields::answer> d_vectors(2 * d.first.batch());
  std::copy(d.first.values().begin(), d.first.values().end(), d_vectors.data());
  std::copy(d.second.values().begin(), d.second.values().end(), &d_vectors(d.first.batch(), 0));
  Eigen::MatrixXd by_edge = Eigen::MatrixXd::Zero(3, graph.edges());
  net.backward(std::move(d_vectors), by_edge);
  return angles(found, pairs);
}

/// Trains on pairs of the shapes that are drawn anew for every step: Adam with a rate that falls
/// along half a cosine, and the running average of the weights in the end. Returns the seconds.
inline double train(Network<float>& net, const std::vector<Shape>& shapes, double cutoff,
                    const TrainingOptions& options) {
  initialize(net, Rng{options.seed});
  WeightAverage optimizer{
      net, Adam{net, {.learning_rate = options.learning_rate}}, {.decay = 0.98}};
  const CosineDecay schedule{.rate = options.learning_rate,
                             .steps = std::max(1, options.steps),
                             .warm_up = options.steps / 20,
                             .final_rate = options.learning_rate / 100};
  Replicas replicas{net, options.parts};
  TrainingState state{.rng = Rng{options.seed}.split(), .notes = options.notes};
  if (!options.resume.empty()) {
    state = load_checkpoint(options.resume, net, optimizer);
    for (const auto& [key, value] : options.notes)
      expect(state.notes[key] == value, options.resume.string(), ": expected a run with ", key, " ",
             value, ", it is of one with ", state.notes[key]);
    std::printf("resumed after step %d\n", static_cast<int>(optimizer.steps()));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto first = optimizer.steps();
  const int shown = std::max(1, options.steps / 20);
  std::vector<double> errors;
  for (auto step = first; step < options.steps;) {
    std::vector<CloudPair> batch;
    for (int i = 0; i < options.batch; ++i) {
      const int shape = state.rng.below(static_cast<int>(shapes.size()));
      batch.push_back(
          random_pair(shapes[static_cast<std::size_t>(shape)].surface, options.pairs, state.rng));
    }
    std::vector<std::vector<double>> found(static_cast<std::size_t>(options.parts));
    replicas.run([&](auto& replica, int part) {
      const auto share = [&](int i) { return batch.begin() + options.batch * i / options.parts; };
      const std::vector<CloudPair> own(share(part), share(part + 1));
      if (own.empty()) return;
      found[static_cast<std::size_t>(part)] = learn(replica, own, options.batch, cutoff);
    });
    for (const auto& some : found) errors.insert(errors.end(), some.begin(), some.end());
    // Pairs whose rotation is hardly determined have gradients without bound; Adam would remember
    // one for a thousand steps.
    clip_gradient_norm(net, 2);
    optimizer.set_learning_rate(schedule(step));
    optimizer.step();
    step = optimizer.steps();
    const double left =
        seconds() / static_cast<double>(step - first) * static_cast<double>(options.steps - step);
    show_progress("step %d of %d, %.0f s left ", static_cast<int>(step), options.steps, left);
    if (step % epoch_length == 0) {
      state.epoch = step / epoch_length;
      if (!options.save.empty()) save_checkpoint(options.save, net, optimizer, state);
    }
    if (step % shown == 0 || step == options.steps) {
      end_progress();
      std::printf("step %5d of %d: error %6.2f degrees (median), %6.2f (mean), %4.0f s left\n",
                  static_cast<int>(step), options.steps, median(errors), mean(errors), left);
      std::fflush(stdout);
      errors.clear();
    }
  }
  optimizer.swap();
  return seconds();
}

}  // namespace example
