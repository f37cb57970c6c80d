// SPDX-License-Identifier: MIT
// What is to be learned: systems at one time, and where their particles are later.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "n_body/simulation.hpp"

namespace example {

/// Frames of a simulation: from the state at the one, find the positions at the other.
inline constexpr int first_frame = 30, last_frame = 40;

struct Sample {
  Eigen::Matrix3Xd positions, velocities;
  std::vector<double> charges;
  Eigen::Matrix3Xd later;  ///< positions at last_frame
};

/// The time from first_frame to last_frame.
inline double elapsed(const SimulationOptions& options) {
  return (last_frame - first_frame) * options.every * options.time_step;
}

/// Independent simulations, each with random numbers of its own: the first ones are the same for
/// any count.
inline std::vector<Sample> make_samples(int count, Rng rng, SimulationOptions options) {
  options.steps = (last_frame + 1) * options.every + 1;
  std::vector<Sample> samples(static_cast<std::size_t>(count));
  std::vector<Rng> generators;
  for (int i = 0; i < count; ++i) generators.push_back(rng.split());
  parallel_for(count, [&](int i) {
    Particles particles = random_particles(options, generators[static_cast<std::size_t>(i)]);
    auto trajectory = simulate(particles, options);
    samples[static_cast<std::size_t>(i)] = {
        std::move(trajectory.positions[first_frame]), std::move(trajectory.velocities[first_frame]),
        std::move(trajectory.charges), std::move(trajectory.positions[last_frame])};
  });
  return samples;
}

/// Positions on the way from first_frame to last_frame, ten for each frame.
inline std::vector<Eigen::Matrix3Xd> path_of(const Sample& sample, SimulationOptions options) {
  options.steps = (last_frame - first_frame) * options.every + 1;
  options.every = std::max(1, options.every / 10);
  Particles particles{sample.positions, sample.velocities, sample.charges};
  return simulate(particles, options).positions;
}

/// Where the particles would be later without forces, x + v t.
inline Eigen::Matrix3Xd extrapolated(const Sample& sample, double time) {
  return sample.positions + time * sample.velocities;
}

/// The time for which x + v t is best: less than what passes, because particles turn.
inline double best_time(const std::vector<Sample>& samples) {
  double product = 0, square = 0;
  for (const Sample& sample : samples) {
    const Eigen::Matrix3Xd way = sample.later - sample.positions;
    product += (way.array() * sample.velocities.array()).sum();
    square += sample.velocities.squaredNorm();
  }
  return product / square;
}

/// The mean over all coordinates of the squared error of x + v t.
inline double extrapolation_error(const std::vector<Sample>& samples, double time) {
  double sum = 0, count = 0;
  for (const Sample& sample : samples) {
    const Eigen::Matrix3Xd error = sample.later - extrapolated(sample, time);
    sum += error.squaredNorm();
    count += static_cast<double>(error.size());
  }
  return sum / count;
}

/// The sample seen from elsewhere: turned or mirrored by an orthogonal matrix, and then shifted.
inline Sample moved(const Sample& sample, const Eigen::Matrix3d& a, const Eigen::Vector3d& shift) {
  Sample other = sample;
  other.positions = (a * sample.positions).colwise() + shift;
  other.velocities = a * sample.velocities;
  other.later = (a * sample.later).colwise() + shift;
  return other;
}

}  // namespace example
