// SPDX-License-Identifier: MIT
// The training loop, with progress and checkpoints.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>

#include "gsteer/io/checkpoint.hpp"
#include "molecule_forces/data.hpp"
#include "molecule_forces/network.hpp"
#include "support/progress.hpp"

namespace example {

struct TrainingOptions {
  int epochs = 2000;
  int batch = 4;
  int parts = 2;  ///< of a batch, which threads work on side by side; the result depends on it
  std::uint64_t seed = 1;
  double learning_rate = 0.01;
  double energy_weight = 1;      ///< of (energy error by atom / rms force)^2
  double force_weight = 1;       ///< of (force error / rms force)^2
  std::filesystem::path save;    ///< checkpoint after every epoch; empty: none
  std::filesystem::path resume;  ///< checkpoint to go on from; empty: from the start
  /// What a run must have in common with the one that it resumes.
  std::map<std::string, std::string> notes{};
};

/// Mean absolute errors of energies in meV, and of forces in meV/Angstrom.
struct Errors {
  double energy = 0, force = 0;
};

/// visit(result, targets) for the set in batches, and the errors of all.
template <class Potential, class Visit>
Errors evaluate(Potential& potential, const DataSet& set, Visit&& visit) {
  Errors errors;
  double forces = 0;
  for (int start = 0; start < set.size(); start += 50) {
    std::vector<int> items;
    for (int i = start; i < std::min(start + 50, set.size()); ++i) items.push_back(i);
    const auto [graph, targets] = set.batch(items);
    const auto result = potential.evaluate(graph);
    const auto loss = potential_loss(result, targets, graph);
    errors.energy += 1000 * loss.energy_error * static_cast<double>(items.size());
    errors.force += 1000 * loss.force_error * graph.nodes();
    forces += graph.nodes();
    visit(result, targets);
  }
  errors.energy /= set.size();
  errors.force /= forces;
  return errors;
}
template <class Potential>
Errors evaluate(Potential& potential, const DataSet& set) {
  return evaluate(potential, set, [](const auto&, const auto&) {});
}

/// Where a part of a batch begins.
inline std::ptrdiff_t share(const std::vector<int>& items, int part, int parts) {
  return static_cast<std::ptrdiff_t>(items.size()) * part / parts;
}

/// Trains on energies and forces: Adam (amsgrad) with a rate that falls along half a cosine; in the
/// end the network has the running average of its weights. Returns the seconds it took.
inline double train(Potential<Network<float>>& potential, const DataSet& training,
                    const DataSet& validation, const TrainingOptions& options) {
  initialize(potential, Rng{options.seed});
  const double unit = 1 / std::pow(potential.scale(), 2);
  WeightAverage optimizer{
      potential,
      Adam{potential, {.learning_rate = options.learning_rate, .amsgrad = true}},
      {.decay = 0.99}};
  const Batches batches(training.size(), std::min(options.batch, training.size()),
                        {.seed = options.seed});
  const std::int64_t steps = std::int64_t{options.epochs} * batches.count();
  const CosineDecay schedule{.rate = options.learning_rate,
                             .steps = std::max<std::int64_t>(1, steps),
                             .warm_up = std::min<std::int64_t>(200, steps / 10),
                             .final_rate = options.learning_rate / 1000};
  Replicas replicas{potential, options.parts};
  TrainingState state{.notes = options.notes};
  if (!options.resume.empty()) {
    state = load_checkpoint(options.resume, potential, optimizer);
    for (const auto& [key, value] : options.notes)
      expect(state.notes[key] == value, options.resume.string(), ": expected a run with ", key, " ",
             value, ", it is of one with ", state.notes[key]);
    std::printf("resumed after epoch %d\n", static_cast<int>(state.epoch));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto first = state.epoch;
  const auto shown = std::max<std::int64_t>(1, options.epochs / 20);
  while (state.epoch < options.epochs) {
    double energy = 0, force = 0;
    int done = 0;
    for (const auto& items : batches.epoch(state.epoch)) {
      std::vector<PotentialLoss> losses(static_cast<std::size_t>(replicas.parts()));
      replicas.run([&](auto& replica, int part) {
        const std::vector<int> own(items.begin() + share(items, part, replicas.parts()),
                                   items.begin() + share(items, part + 1, replicas.parts()));
        if (own.empty()) return;
        const auto [graph, targets] = training.batch(own);
        // Means over the part become shares of those over the batch.
        const double by_graph = static_cast<double>(own.size()) / static_cast<double>(items.size());
        const double by_atom = static_cast<double>(graph.nodes()) / training.atoms(items);
        auto& loss = losses[static_cast<std::size_t>(part)];
        loss = potential_loss(replica.evaluate(graph), targets, graph,
                              {.energy_weight = by_graph * options.energy_weight * unit,
                               .force_weight = by_atom * options.force_weight * unit});
        replica.backward(loss.d_energies, loss.d_forces);
        loss.energy_error *= by_graph;
        loss.force_error *= by_atom;
      });
      for (const auto& loss : losses) {
        energy += loss.energy_error;
        force += loss.force_error;
      }
      optimizer.set_learning_rate(schedule(optimizer.steps()));
      optimizer.step();
      ++done;
      if (done % 25 == 0)
        show_progress("epoch %3d of %d, batch %3d of %d ", static_cast<int>(state.epoch) + 1,
                      options.epochs, done, batches.count());
    }
    ++state.epoch;
    if (!options.save.empty()) save_checkpoint(options.save, potential, optimizer, state);
    if (state.epoch % shown != 0 && state.epoch != options.epochs) continue;
    end_progress();
    std::printf("epoch %3d of %d, training %6.1f meV %6.1f meV/A", static_cast<int>(state.epoch),
                options.epochs, 1000 * energy / done, 1000 * force / done);
    if (validation.size() > 0) {
      optimizer.swap();
      const auto errors = evaluate(potential, validation);
      optimizer.swap();
      std::printf(", validation %6.2f meV %6.2f meV/A", errors.energy, errors.force);
    }
    const double each = seconds() / static_cast<double>(state.epoch - first);
    std::printf(", %4.0f s left\n", each * static_cast<double>(options.epochs - state.epoch));
    std::fflush(stdout);
  }
  optimizer.swap();
  return seconds();
}

}  // namespace example
