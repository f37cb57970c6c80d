// SPDX-License-Identifier: MIT
// Trains an equivariant interatomic potential on energies and forces, tests it, and runs molecular
// dynamics with it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "molecule_forces/data.hpp"
#include "molecule_forces/dynamics.hpp"
#include "molecule_forces/figure.hpp"
#include "molecule_forces/network.hpp"
#include "molecule_forces/training.hpp"

namespace example {

struct RunOptions {
  TrainingOptions training;
  DynamicsOptions dynamics;
  std::filesystem::path data = GSTEER_EXAMPLE_DATA "/ethanol_gfn2_500K.extxyz";
  ExtendedXyzOptions keys;
  int train = 1000, test = 1000;
  double cutoff = 4;
  std::filesystem::path model = "molecule_forces.safetensors", load, trajectory;
  std::string picture = "molecule_forces.png";
};

std::map<std::string, std::string> notes_of(const Model& model) {
  std::string list;
  for (const auto& symbol : model.species) list.append(list.empty() ? "" : " ").append(symbol);
  char cutoff[40], neighbors[40];
  std::snprintf(cutoff, sizeof cutoff, "%.17g", model.cutoff);
  std::snprintf(neighbors, sizeof neighbors, "%.17g", model.neighbors);
  return {{"species", list}, {"cutoff", cutoff}, {"neighbors", neighbors}};
}

/// \throws gsteer::Error if the file does not say what the network is made for
Model model_of(const std::filesystem::path& path) {
  const auto notes = read_notes(path);
  const auto note = [&](const char* key) {
    const auto found = notes.find(key);
    expect(found != notes.end(), path.string(), ": expected a note ", key,
           ", got none; is this a model of molecule_forces?");
    return found->second;
  };
  Model model;
  std::istringstream words(note("species"));
  for (std::string word; words >> word;) model.species.push_back(word);
  model.cutoff = std::strtod(note("cutoff").c_str(), nullptr);
  model.neighbors = std::strtod(note("neighbors").c_str(), nullptr);
  return model;
}

void run(const RunOptions& options) {
  const auto frames = read_extended_xyz(options.data, options.keys);
  const int all = static_cast<int>(frames.size());
  std::printf("%d configurations in %s\n", all, options.data.string().c_str());
  Model model =
      options.load.empty() ? Model{species_of(frames), options.cutoff, 1} : model_of(options.load);
  // Test configurations from the end of a shuffle, which does not depend on the training set.
  const auto order = Batches(all, 1, {.seed = 0}).order(0);
  const int test = std::min(options.test, std::max(1, all / 2)),
            train = std::min(options.train, all - test);
  const auto part = [&](int begin, int end) {
    return make_data_set(frames, order, begin, end, model.species, model.cutoff);
  };
  const DataSet test_set = part(all - test, all);
  PotentialOptions scale{.shifts = std::vector<double>(model.species.size())};
  DataSet training_set;
  if (options.load.empty()) {
    expect(train > 0, "expected at least two configurations, got ", all);
    training_set = part(0, train);
    model.neighbors = mean_neighbors(training_set);
    scale = fit_potential_scale(training_set.graphs, training_set.energies, training_set.forces,
                                static_cast<int>(model.species.size()));
  }
  Potential potential(make_network<float>(model), scale);
  std::printf("%zu parameters, %.1f neighbors within %.1f Angstrom\n", parameter_count(potential),
              model.neighbors, model.cutoff);
  if (options.load.empty()) {
    const DataSet validation = part(train, std::min(train + 100, all - test));
    TrainingOptions training = options.training;
    training.notes = notes_of(model);
    training.notes["training configurations"] = std::to_string(train);
    training.notes["epochs"] = std::to_string(training.epochs);
    training.notes["batch"] = std::to_string(training.batch);
    training.notes["parts"] = std::to_string(training.parts);
    training.notes["seed"] = std::to_string(training.seed);
    const double seconds = example::train(potential, training_set, validation, training);
    save_weights(options.model, potential, notes_of(model));
    std::printf("trained in %.0f s; model in %s\n", seconds, options.model.string().c_str());
  } else {
    load_weights(options.load, potential);
  }

  Pairs energies, forces;
  const Errors errors = evaluate(potential, test_set, [&](const auto& result, const auto& targets) {
    for (std::size_t i = 0; i < result.energies.size(); ++i)
      energies.emplace_back(targets.energies[i], result.energies[i]);
    for (Eigen::Index i = 0; i < result.forces.size(); ++i)
      forces.emplace_back(targets.forces.data()[i], result.forces.data()[i]);
  });
  std::printf("test, %d configurations: energy MAE %.2f meV, force MAE %.2f meV/Angstrom\n", test,
              errors.energy, errors.force);
  draw_errors(options.picture, energies, forces, errors.energy, errors.force);
  std::printf("picture in %s\n", options.picture.c_str());
  if (options.dynamics.steps == 0) return;

  Potential exact(make_network<double>(model),
                  {.shifts = std::vector<double>(model.species.size())});
  copy_parameters(potential, exact);
  const auto& start = frames[static_cast<std::size_t>(order[static_cast<std::size_t>(all - 1)])];
  const auto dynamics = run_dynamics(exact, model, start, options.dynamics);
  std::printf(
      "dynamics at constant energy, %.1f ps in steps of %.2f fs at %.0f K: drift %.1e eV/ps per "
      "atom, fluctuation %.1e eV\n",
      options.dynamics.steps * options.dynamics.time_step / 1000, options.dynamics.time_step,
      dynamics.temperature, dynamics.drift, dynamics.fluctuation);
  if (!options.trajectory.empty()) {
    write_extended_xyz(options.trajectory, dynamics.trajectory);
    std::printf("%zu frames in %s\n", dynamics.trajectory.size(),
                options.trajectory.string().c_str());
  }
}

}  // namespace example

int main(int argc, char** argv) {
  example::RunOptions options;
  int threads = 0;
  bool quick = false;
  CLI::App app{
      "Trains an equivariant interatomic potential (of the NequIP kind) on energies and forces of "
      "molecules, tests it, draws predictions against the truth, and runs molecular dynamics."};
  app.add_option("--data", options.data,
                 "extended XYZ file with energies and forces (eV, Angstrom); default: ethanol, "
                 "which ships with this example")
      ->check(CLI::ExistingFile);
  app.add_option("--energy-key", options.keys.energy_key, "what the file calls energies")
      ->capture_default_str();
  app.add_option("--forces-key", options.keys.forces_key, "what the file calls forces")
      ->capture_default_str();
  app.add_option("--train", options.train, "configurations to train on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--test", options.test, "configurations to test on")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--cutoff", options.cutoff, "atoms farther apart do not talk; Angstrom")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  auto* epochs =
      app.add_option("--epochs", options.training.epochs, "times through the training set")
          ->check(CLI::Range(0, 1000000))
          ->capture_default_str();
  app.add_flag("--quick", quick, "the one-minute setting: 100 epochs")->excludes(epochs);
  app.add_option("--batch", options.training.batch, "configurations in a batch")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--parts", options.training.parts,
                 "of a batch, for threads to work on side by side; the result depends on it")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--rate", options.training.learning_rate, "learning rate at the start")
      ->capture_default_str();
  app.add_option("--energy-weight", options.training.energy_weight, "of energies in the loss")
      ->capture_default_str();
  app.add_option("--force-weight", options.training.force_weight, "of forces in the loss")
      ->capture_default_str();
  app.add_option("--seed", options.training.seed, "of all random numbers")->capture_default_str();
  app.add_option("--threads", threads, "0: all; results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--model", options.model, "write the trained model here")->capture_default_str();
  app.add_option("--load", options.load, "test and run this model instead of training one");
  app.add_option("--save", options.training.save, "write a checkpoint here after every epoch");
  app.add_option("--resume", options.training.resume, "go on from such a checkpoint");
  app.add_option("--picture", options.picture, "the picture")->capture_default_str();
  app.add_option("--steps", options.dynamics.steps, "steps of dynamics; 0: none")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--time-step", options.dynamics.time_step, "fs")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--temperature", options.dynamics.temperature, "of the first velocities, K")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--trajectory", options.trajectory, "write the trajectory here, extended XYZ");
  CLI11_PARSE(app, argc, argv);
  if (quick) options.training.epochs = 100;
  try {
    gsteer::set_threads(threads);
    example::run(options);
  } catch (const std::exception& error) {
    std::cerr << "\nmolecule_forces: " << error.what() << '\n';
    return 1;
  }
}
