// SPDX-License-Identifier: MIT
// Simulates charged particles, and shows what their simulation conserves.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "n_body/simulation.hpp"

namespace example {

struct Options {
  int simulations = 200;
  std::uint64_t seed = 1;
  SimulationOptions simulation;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// How much the energies change from start to end, relative to the kinetic energy at the start.
std::vector<double> energy_changes(const Options& options, const SimulationOptions& simulation) {
  Rng rng(options.seed);
  std::vector<double> changes;
  for (int i = 0; i < options.simulations; ++i) {
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
std::pair<double, double> momentum_changes(const Options& options) {
  Rng rng(options.seed);
  double momentum = 0, angular = 0;
  for (int i = 0; i < options.simulations; ++i) {
    Particles p = random_particles(options.simulation, rng);
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
    simulate(p, options.simulation);
    const Eigen::Vector3d momentum_after = p.velocities.rowwise().sum();
    momentum = std::max(momentum, (momentum_after - momentum_before).norm());
    angular = std::max(angular, (spin() - spin_before).norm());
  }
  return {momentum, angular};
}

/// How far the forces on turned particles are from the turned forces, relative to the largest one;
/// particles so near to each other that many of the forces are limited.
double symmetry_error(const Options& options) {
  Rng rng(options.seed);
  double worst = 0;
  for (int i = 0; i < options.simulations; ++i) {
    Particles p = random_particles(options.simulation, rng);
    p.positions *= 0.1;
    const Eigen::Matrix3Xd f = forces(p, options.simulation);
    const Eigen::Matrix3d a = orthogonal<3>::action(orthogonal<3>::sample(rng));
    const Eigen::Matrix3Xd moved = a * p.positions;
    p.positions = moved;
    const Eigen::Matrix3Xd difference = forces(p, options.simulation) - a * f;
    worst = std::max(worst, difference.norm() / f.norm());
  }
  return worst;
}

void run(const Options& options) {
  const SimulationOptions& simulation = options.simulation;
  SimulationOptions finer = simulation;
  finer.time_step /= 2;
  finer.steps *= 2;
  finer.every *= 2;
  {
    Rng rng(options.seed);
    Particles p = random_particles(simulation, rng);
    const auto trajectory = simulate(p, simulation);
    std::printf("%d simulations of %d particles, %zu frames each\n", options.simulations,
                simulation.particles, trajectory.positions.size());
  }
  for (const auto& steps : {simulation, finer}) {
    const auto changes = energy_changes(options, steps);
    std::printf("energy in steps of %g: changes by %.1e (median), %.1e (largest)\n",
                steps.time_step, median(changes),
                *std::max_element(changes.begin(), changes.end()));
  }
  const auto [momentum, angular] = momentum_changes(options);
  std::printf("momentum changes by at most %.1e, angular momentum by %.1e\n", momentum, angular);
  std::printf("forces turn and mirror with the particles, but for %.1e\n", symmetry_error(options));
}

}  // namespace example

int main(int argc, char** argv) {
  example::Options options;
  CLI::App app{"Simulates charged particles, and shows what their simulation conserves."};
  app.add_option("--simulations", options.simulations, "how many")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_option("--particles", options.simulation.particles, "in each of them")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--steps", options.simulation.steps, "of time")
      ->check(CLI::Range(1, 100000000))
      ->capture_default_str();
  app.add_option("--time-step", options.simulation.time_step, "the length of one")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the random numbers")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    example::run(options);
  } catch (const std::exception& error) {
    std::cerr << "n_body: " << error.what() << '\n';
    return 1;
  }
}
