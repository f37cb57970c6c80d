// SPDX-License-Identifier: MIT
// What the simulation conserves: a check of the data before anything is learned from them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "n_body/simulation.hpp"

namespace example {

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// How much the energies of some systems change from start to end, relative to the kinetic energy
/// at the start.
inline std::vector<double> energy_changes(int count, std::uint64_t seed,
                                          const SimulationOptions& simulation) {
  Rng rng(seed);
  std::vector<double> changes;
  for (int i = 0; i < count; ++i) {
    Particles p = random_particles(simulation, rng);
    const double kinetic = 0.5 * simulation.particles * simulation.speed * simulation.speed;
    const double before = energy(synchronized(p, simulation), simulation);
    simulate(p, simulation);
    const double after = energy(synchronized(p, simulation), simulation);
    changes.push_back(std::abs(after - before) / kinetic);
  }
  return changes;
}

/// The largest change of momentum and of angular momentum.
inline std::pair<double, double> momentum_changes(int count, std::uint64_t seed,
                                                  const SimulationOptions& simulation) {
  Rng rng(seed);
  double momentum = 0, angular = 0;
  for (int i = 0; i < count; ++i) {
    Particles p = random_particles(simulation, rng);
    const auto spin = [&p] {
      Eigen::Vector3d sum = Eigen::Vector3d::Zero();
      for (Eigen::Index k = 0; k < p.positions.cols(); ++k)
        for (int a = 0; a < 3; ++a) {
          const int b = (a + 1) % 3, c = (a + 2) % 3;
          sum(a) += p.positions(b, k) * p.velocities(c, k) - p.positions(c, k) * p.velocities(b, k);
        }
      return sum;
    };
    const Eigen::Vector3d momentum_before = p.velocities.rowwise().sum(), spin_before = spin();
    simulate(p, simulation);
    const Eigen::Vector3d momentum_after = p.velocities.rowwise().sum();
    momentum = std::max(momentum, (momentum_after - momentum_before).norm());
    angular = std::max(angular, (spin() - spin_before).norm());
  }
  return {momentum, angular};
}

/// How far the forces on turned particles are from the turned forces, relative to the largest one;
/// particles so near to each other that many of the forces are limited.
inline double symmetry_error(int count, std::uint64_t seed, const SimulationOptions& simulation) {
  Rng rng(seed);
  double worst = 0;
  for (int i = 0; i < count; ++i) {
    Particles p = random_particles(simulation, rng);
    p.positions *= 0.1;
    const Eigen::Matrix3Xd f = forces(p, simulation);
    const Eigen::Matrix3d a = orthogonal<3>::action(orthogonal<3>::sample(rng));
    const Eigen::Matrix3Xd moved = a * p.positions;
    p.positions = moved;
    const Eigen::Matrix3Xd difference = forces(p, simulation) - a * f;
    worst = std::max(worst, difference.norm() / f.norm());
  }
  return worst;
}

inline void show_conservation(int count, std::uint64_t seed, const SimulationOptions& simulation) {
  SimulationOptions finer = simulation;
  finer.time_step /= 2;
  finer.steps *= 2;
  std::printf("%d simulations of %d particles, %d steps each\n", count, simulation.particles,
              simulation.steps);
  for (const auto& steps : {simulation, finer}) {
    const auto changes = energy_changes(count, seed, steps);
    std::printf("energy in steps of %g: changes by %.1e (median), %.1e (largest)\n",
                steps.time_step, median(changes),
                *std::max_element(changes.begin(), changes.end()));
  }
  const auto [momentum, angular] = momentum_changes(count, seed, simulation);
  std::printf("momentum changes by at most %.1e, angular momentum by %.1e\n", momentum, angular);
  std::printf("forces turn and mirror with the particles, but for %.1e\n",
              symmetry_error(count, seed, simulation));
}

}  // namespace example
