// SPDX-License-Identifier: MIT
// Simulates charged particles, and learns from simulations where the particles will be.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "gsteer/io/checkpoint.hpp"
#include "n_body/conservation.hpp"
#include "n_body/experiment.hpp"
#include "n_body/figure.hpp"

namespace example {

struct RunOptions {
  SimulationOptions simulation;
  int simulations = 100;  ///< whose conserved quantities are shown
  bool only_simulate = false;
  int trajectories = 3000, tests = 2000;
  std::vector<std::string> models{"linear", "nonlinear", "attention"};
  int seeds = 3;
  std::uint64_t seed = 1;  ///< of the simulations
  TrainingOptions training;
  std::filesystem::path resume;
  std::string picture = "n_body.png";
};

struct Model {
  const char* name;
  Color color;
  Result (*learn)(const Task&, std::uint64_t, const Notes&, const std::filesystem::path&);
  const char* published;
};

// Published errors are those of tables 1 of Satorras et al. (2021) and Brandstetter et al. (2022).
const Model models[] = {{"linear", {33, 102, 172}, learn_linear, "TFN 0.0155, SE(3)-linear 0.0116"},
                        {"nonlinear", {35, 139, 69}, learn_nonlinear, "EGNN 0.0071, SEGNN 0.0043"},
                        {"attention", {217, 95, 2}, learn_attention, "SE(3)-Transformer 0.0244"}};
const std::vector<Reference> references{{"EGNN 0.0071", 0.0071}, {"SEGNN 0.0043", 0.0043}};

/// The distance of the nearest, or farthest, two particles.
template <class Choose>
double extreme_distance(const Eigen::Matrix3Xd& x, const Choose& choose) {
  double found = (x.col(0) - x.col(1)).norm();
  for (Eigen::Index i = 0; i < x.cols(); ++i)
    for (Eigen::Index j = 0; j < i; ++j) found = choose(found, (x.col(i) - x.col(j)).norm());
  return found;
}

/// The sample to look at: of those whose particles are apart, one from the other, the one that gets
/// farthest from x + v t for its size.
int most_curved(const std::vector<Sample>& samples, double time) {
  const auto nearest = [](double a, double b) { return std::min(a, b); };
  const auto farthest = [](double a, double b) { return std::max(a, b); };
  std::size_t best = 0;
  double most = -1;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const Sample& s = samples[i];
    const double size = extreme_distance(s.positions, farthest);
    const double curved = extrapolation_error({s}, time) / (size * size);
    if (curved <= most || extreme_distance(s.positions, nearest) < 0.5 ||
        extreme_distance(s.later, nearest) < 0.5)
      continue;
    most = curved;
    best = i;
  }
  return static_cast<int>(best);
}

Task make_task(const RunOptions& options) {
  Rng rng(options.seed);
  Task task;
  task.training = options.training;
  task.train = make_samples(options.trajectories, rng.split(), options.simulation);
  task.validation = make_samples(options.tests, rng.split(), options.simulation);
  task.test = make_samples(options.tests, rng.split(), options.simulation);
  task.time = elapsed(options.simulation);
  task.unit = std::sqrt(extrapolation_error(task.train, task.time));
  task.shown = most_curved(task.test, task.time);
  return task;
}

/// What a run must have in common with the one that it resumes.
Notes settings_of(const RunOptions& options) {
  const auto text = [](double value) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.17g", value);
    return std::string(digits);
  };
  std::string names;
  for (const auto& name : options.models) names.append(names.empty() ? "" : ",").append(name);
  return {{"models", names},
          {"trajectories", std::to_string(options.trajectories)},
          {"tests", std::to_string(options.tests)},
          {"seeds", std::to_string(options.seeds)},
          {"seed", std::to_string(options.seed)},
          {"epochs", std::to_string(options.training.epochs)},
          {"batch", std::to_string(options.training.batch)},
          {"rate", text(options.training.learning_rate)},
          {"weight decay", text(options.training.weight_decay)},
          {"particles", std::to_string(options.simulation.particles)},
          {"time step", text(options.simulation.time_step)}};
}

/// The note that holds the i-th result.
std::string result_key(std::size_t i) { return std::string("result.").append(std::to_string(i)); }

/// Mean and, of two or more, the standard deviation of the test errors.
std::pair<double, double> spread(const std::vector<Result>& results) {
  const auto n = static_cast<double>(results.size());
  double mean = 0, square = 0;
  for (const Result& r : results) mean += r.test / n;
  for (const Result& r : results) square += (r.test - mean) * (r.test - mean);
  return {mean, n > 1 ? std::sqrt(square / (n - 1)) : 0};
}

void print(const Series& series, const char* published) {
  const auto [mean, deviation] = spread(series.results);
  double seconds = 0, symmetry = 0;
  std::string errors;
  for (const Result& r : series.results) {
    errors.append(errors.empty() ? "" : " ").append(number(r.test, 5));
    seconds += r.seconds / static_cast<double>(series.results.size());
    symmetry = std::max(symmetry, r.symmetry);
  }
  std::printf("%-10s %7zu parameters, test error %.5f +- %.5f (%s), %.0f s each\n",
              series.name.c_str(), series.results.front().parameters, mean, deviation,
              errors.c_str(), seconds);
  std::printf("%-10s turned, mirrored and shifted systems: predictions differ by %.1e\n", "",
              symmetry);
  std::printf("%-10s published: %s\n", "", published);
}

void run(const RunOptions& options) {
  show_conservation(options.simulations, options.seed, options.simulation);
  if (options.only_simulate) return;
  Notes notes = settings_of(options);
  std::vector<Result> finished;
  Result unfinished;
  if (!options.resume.empty()) {
    Notes found = read_notes(options.resume);
    for (const auto& [key, value] : notes)
      expect(found[key] == value, options.resume.string(), ": expected a run with ", key, " ",
             value, ", it is of one with ", found[key]);
    for (std::size_t i = 0; found.count(result_key(i)) > 0; ++i)
      finished.push_back(result_of(found[result_key(i)]));
    unfinished = result_of(found["unfinished"]);
    notes = found;
  }

  const Task task = make_task(options);
  std::printf(
      "%d simulations to learn from, %d to validate, %d to test: positions after %g more units of "
      "time\n",
      options.trajectories, options.tests, options.tests, task.time);
  const double baseline = extrapolation_error(task.test, task.time);
  const double best = best_time(task.train);
  std::printf("x + v t: test error %.5f; with t = %.2f, fitted: %.5f (published: 0.0819)\n",
              baseline, best, extrapolation_error(task.test, best));

  std::vector<Series> all;
  for (const Model& model : models) {
    if (std::find(options.models.begin(), options.models.end(), model.name) == options.models.end())
      continue;
    Series series{model.name, model.color, {}};
    for (int k = 1; k <= options.seeds; ++k) {
      const auto seed = static_cast<std::uint64_t>(k);
      const auto is_this = [&](const Result& r) { return r.model == model.name && r.seed == seed; };
      const auto done = std::find_if(finished.begin(), finished.end(), is_this);
      if (done != finished.end()) {
        series.results.push_back(*done);
        continue;
      }
      const Result result = model.learn(
          task, seed, notes, is_this(unfinished) ? options.resume : std::filesystem::path());
      std::printf("%s, seed %d: test error %.5f, with the weights of epoch %d\n", model.name, k,
                  result.test, result.epoch);
      finished.push_back(result);
      notes[result_key(finished.size() - 1)] = to_line(result);
      series.results.push_back(result);
    }
    all.push_back(std::move(series));
  }

  std::printf("\n");
  for (const Series& series : all)
    for (const Model& model : models)
      if (series.name == model.name) print(series, model.published);
  std::printf("%-10s test error %.5f\n", "x + v t", baseline);
  const Sample& sample = task.test[static_cast<std::size_t>(task.shown)];
  draw_experiment(options.picture, all, references, baseline, sample,
                  path_of(sample, options.simulation));
  std::printf("picture in %s\n", options.picture.c_str());
}

}  // namespace example

int main(int argc, char** argv) {
  example::RunOptions options;
  int threads = 0;
  bool quick = false;
  CLI::App app{
      "Simulates charged particles, shows what their simulation conserves, and trains three "
      "equivariant networks, with linear messages, non-linear ones and attention, to say where the "
      "particles will be."};
  app.add_option("--models", options.models, "which, of linear, nonlinear and attention")
      ->delimiter(',')
      ->check(CLI::IsMember({"linear", "nonlinear", "attention"}))
      ->capture_default_str();
  auto* trajectories =
      app.add_option("--trajectories", options.trajectories, "simulations to learn from")
          ->check(CLI::Range(1, 1000000))
          ->capture_default_str();
  auto* tests = app.add_option("--tests", options.tests, "simulations to validate, and to test")
                    ->check(CLI::Range(1, 1000000))
                    ->capture_default_str();
  auto* epochs =
      app.add_option("--epochs", options.training.epochs, "times through the training set")
          ->check(CLI::Range(1, 1000000))
          ->capture_default_str();
  auto* seeds = app.add_option("--seeds", options.seeds,
                               "trainings of each network, from "
                               "different weights and in other orders")
                    ->check(CLI::Range(1, 1000))
                    ->capture_default_str();
  app.add_flag("--quick", quick,
               "the one-minute setting: 1000 simulations, 500 to test, 20 epochs, one seed")
      ->excludes(trajectories)
      ->excludes(tests)
      ->excludes(epochs)
      ->excludes(seeds);
  app.add_option("--batch", options.training.batch, "simulations in a batch")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--rate", options.training.learning_rate,
                 "learning rate at the start; 0: one that suits the network")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--weight-decay", options.training.weight_decay, "of Adam")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the simulations")->capture_default_str();
  app.add_option("--threads", threads, "0: all; results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--save", options.training.save, "write a checkpoint here after every epoch");
  app.add_option("--resume", options.resume, "go on from such a checkpoint");
  app.add_option("--picture", options.picture, "the picture")->capture_default_str();
  app.add_option("--simulations", options.simulations, "to show conserved quantities of")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_flag("--only-simulate", options.only_simulate, "learn nothing");
  app.add_option("--particles", options.simulation.particles, "in each simulation")
      ->check(CLI::Range(2, 100))
      ->capture_default_str();
  app.add_option("--time-step", options.simulation.time_step, "of the simulation")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (quick) {
    options.trajectories = 1000;
    options.tests = 500;
    options.training.epochs = 20;
    options.seeds = 1;
  }
  try {
    gsteer::set_threads(threads);
    example::run(options);
  } catch (const std::exception& error) {
    std::cerr << "\nn_body: " << error.what() << '\n';
    return 1;
  }
}
