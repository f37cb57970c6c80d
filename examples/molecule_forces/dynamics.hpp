// SPDX-License-Identifier: MIT
// Molecular dynamics at constant energy (NVE) with a trained potential.
#pragma once

#include <cmath>
#include <cstdio>
#include <vector>

#include "gsteer/io/extended_xyz.hpp"
#include "molecule_forces/elements.hpp"
#include "molecule_forces/network.hpp"
#include "support/progress.hpp"

namespace example {

struct DynamicsOptions {
  int steps = 10000;
  double time_step = 0.5;    ///< fs
  double temperature = 500;  ///< K, of the velocities at the start
  std::uint64_t seed = 1;
};

struct DynamicsResult {
  double drift = 0;        ///< slope of the total energy, eV/ps for each atom
  double fluctuation = 0;  ///< root mean square of the total energy about that line, eV
  double temperature = 0;  ///< mean, K
  std::vector<AtomicConfiguration> trajectory;
};

/// Velocity Verlet from a configuration of atoms, with velocities of the Maxwell-Boltzmann
/// distribution and no total momentum. In double: what drifts is the integrator, not the rounding.
/// A frame for the trajectory every `every` steps. \throws Error if an element is not known
inline DynamicsResult run_dynamics(Potential<Network<double>>& potential, const Model& model,
                                   const AtomicConfiguration& start, const DynamicsOptions& options,
                                   int every = 20) {
  constexpr double boltzmann = 8.617333262e-5;        // eV/K
  constexpr double to_acceleration = 9.648533212e-3;  // (eV/Angstrom/u) in Angstrom/fs^2
  // Nothing else of the frame holds when the atoms have moved.
  AtomicConfiguration atoms;
  atoms.species = start.species;
  atoms.positions = start.positions;
  atoms.box = start.box;
  const auto n = static_cast<int>(atoms.positions.cols());
  const auto kinds = kinds_of(atoms, model.species);
  const auto box = atoms.box.value_or(PeriodicBox{});
  std::vector<double> mass;
  double total_mass = 0;
  for (const auto& symbol : atoms.species) {
    mass.push_back(mass_of(symbol));
    total_mass += mass.back();
  }
  Rng rng(options.seed);
  Eigen::Matrix3Xd v(3, n);
  Eigen::Vector3d momentum = Eigen::Vector3d::Zero();
  for (int i = 0; i < n; ++i) {
    const double m = mass[static_cast<std::size_t>(i)];
    for (int axis = 0; axis < 3; ++axis)
      v(axis, i) = std::sqrt(boltzmann * options.temperature * to_acceleration / m) * rng.normal();
    momentum += m * v.col(i);
  }
  for (int i = 0; i < n; ++i) v.col(i) -= momentum / total_mass;

  const auto evaluate_here = [&] {
    return potential.evaluate(radius_graph(atoms.positions, model.cutoff, kinds, box));
  };
  auto now = evaluate_here();
  const auto kick = [&] {
    for (int i = 0; i < n; ++i)
      v.col(i) += 0.5 * options.time_step * to_acceleration / mass[static_cast<std::size_t>(i)] *
                  now.forces.col(i);
  };
  const auto kinetic = [&] {
    double sum = 0;
    for (int i = 0; i < n; ++i)
      sum += 0.5 * mass[static_cast<std::size_t>(i)] * v.col(i).squaredNorm() / to_acceleration;
    return sum;
  };
  DynamicsResult result;
  std::vector<double> energy;
  for (int step = 0; step < options.steps; ++step) {
    kick();
    atoms.positions += options.time_step * v;
    now = evaluate_here();
    kick();
    const double k = kinetic();
    energy.push_back(now.energies[0] + k);
    result.temperature += 2 * k / (3 * std::max(1, n - 1) * boltzmann) / options.steps;
    if (step % every == 0) {
      atoms.energy = now.energies[0];
      atoms.forces = now.forces;
      result.trajectory.push_back(atoms);
    }
    if ((step + 1) % std::max(1, options.steps / 100) == 0)
      show_progress("dynamics: %6.2f of %.2f ps ", (step + 1) * options.time_step / 1000,
                    options.steps * options.time_step / 1000);
  }
  end_progress();
  // The line of least squares through the total energy.
  const auto count = static_cast<double>(energy.size());
  double mean = 0, slope = 0, spread = 0;
  for (const double e : energy) mean += e / count;
  for (std::size_t i = 0; i < energy.size(); ++i) {
    const double t = static_cast<double>(i) - (count - 1) / 2;
    slope += t * (energy[i] - mean);
    spread += t * t;
  }
  slope /= std::max(spread, 1.0);
  for (std::size_t i = 0; i < energy.size(); ++i) {
    const double t = static_cast<double>(i) - (count - 1) / 2;
    result.fluctuation += std::pow(energy[i] - mean - slope * t, 2) / count;
  }
  result.fluctuation = std::sqrt(result.fluctuation);
  result.drift = slope / (options.time_step / 1000) / n;
  return result;
}

}  // namespace example
