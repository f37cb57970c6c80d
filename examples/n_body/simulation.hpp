// SPDX-License-Identifier: MIT
// Charged particles that attract and repel each other: the data of the N-body experiment.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "gsteer/gsteer.hpp"

namespace example {

using namespace gsteer;

/// The protocol of Kipf et al. ("Neural relational inference for interacting systems", ICML 2018)
/// as Satorras, Hoogeboom and Welling ("E(n) equivariant graph neural networks", ICML 2021) use it:
/// particles of mass 1 in open space, positions from the normal distribution, velocities of one
/// length and any direction, charges +1 or -1 with equal odds.
///
/// One thing differs. There, each component of the force on a particle is cut off at
/// `largest_force`, so that the axes are special and a network that commutes with rotations cannot
/// be right. Here, the force between two particles is, by its norm: then it still has a potential,
/// and energy, momentum and angular momentum are conserved.
struct SimulationOptions {
  int particles = 5;
  int steps = 5000;
  int every = 100;  ///< steps from one frame to the next
  double time_step = 1e-3;
  double strength = 1;         ///< of the Coulomb force between unit charges at distance 1
  double largest_force = 100;  ///< between two particles
  double speed = 0.5;          ///< at the start
};

struct Particles {
  Eigen::Matrix3Xd positions, velocities;
  std::vector<double> charges;
};

/// What a simulation remembers: frame k is the state after (k + 1) * every steps, for all of them
/// before the last step. 49 frames by default.
struct Trajectory {
  std::vector<double> charges;
  std::vector<Eigen::Matrix3Xd> positions, velocities;
};

inline Particles random_particles(const SimulationOptions& options, Rng& rng) {
  const int n = options.particles;
  const double width = std::cbrt(n / 5.0);  // the same density for any number
  Particles p{Eigen::Matrix3Xd(3, n), Eigen::Matrix3Xd(3, n), {}};
  for (int i = 0; i < n; ++i) {
    p.charges.push_back(rng.below(2) == 0 ? 1 : -1);
    for (int axis = 0; axis < 3; ++axis) {
      p.positions(axis, i) = width * rng.normal();
      p.velocities(axis, i) = rng.normal();
    }
    p.velocities.col(i) *= options.speed / p.velocities.col(i).norm();
  }
  return p;
}

/// body(i, j, strength * product of charges, x_i - x_j, distance) for each pair i < j.
template <class Body>
void for_each_pair(const Particles& p, const SimulationOptions& options, const Body& body) {
  for (int i = 0; i < options.particles; ++i)
    for (int j = i + 1; j < options.particles; ++j) {
      const double k = options.strength * p.charges[static_cast<std::size_t>(i)] *
                       p.charges[static_cast<std::size_t>(j)];
      const Eigen::Vector3d x = p.positions.col(i) - p.positions.col(j);
      body(i, j, k, x, x.norm());
    }
}

/// k x / r^3, no longer than largest_force; none between particles in one place.
inline Eigen::Matrix3Xd forces(const Particles& p, const SimulationOptions& options) {
  Eigen::Matrix3Xd f = Eigen::Matrix3Xd::Zero(3, options.particles);
  for_each_pair(p, options, [&](int i, int j, double k, const Eigen::Vector3d& x, double r) {
    if (r == 0) return;
    const double size = std::min(std::abs(k) / (r * r), options.largest_force);
    const Eigen::Vector3d pull = std::copysign(size, k) / r * x;
    f.col(i) += pull;
    f.col(j) -= pull;
  });
  return f;
}

/// Kinetic and potential energy. The potential of a pair is k / r, and goes on linearly below the
/// distance s where its slope is the largest force, k / s^2.
inline double energy(const Particles& p, const SimulationOptions& options) {
  double sum = 0;
  for (int i = 0; i < options.particles; ++i) sum += 0.5 * p.velocities.col(i).squaredNorm();
  for_each_pair(p, options, [&](int, int, double k, const Eigen::Vector3d&, double r) {
    const double s = std::sqrt(std::abs(k) / options.largest_force);
    sum += r >= s ? k / r : k / s * (2 - r / s);
  });
  return sum;
}

/// Runs particles on by the semi-implicit Euler method, v += dt f(x), x += dt v, and leaves them
/// as they are in the end.
inline Trajectory simulate(Particles& p, const SimulationOptions& options) {
  Trajectory trajectory{p.charges, {}, {}};
  for (int step = 1; step <= options.steps; ++step) {
    p.velocities += options.time_step * forces(p, options);
    p.positions += options.time_step * p.velocities;
    if (step % options.every != 0 || step == options.steps) continue;
    trajectory.positions.push_back(p.positions);
    trajectory.velocities.push_back(p.velocities);
  }
  return trajectory;
}

/// The state at the time of the positions: simulate leaves velocities half a step behind them.
inline Particles synchronized(Particles p, const SimulationOptions& options) {
  p.velocities += options.time_step / 2 * forces(p, options);
  return p;
}

}  // namespace example
