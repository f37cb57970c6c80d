// SPDX-License-Identifier: MIT
// Learns to say by how much an object is turned, from two clouds of points of its surface.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "relative_rotation/figure.hpp"
#include "relative_rotation/training.hpp"

namespace example {

struct RunOptions {
  TrainingOptions training;
  std::filesystem::path meshes = GSTEER_EXAMPLE_DATA;
  std::vector<std::string> shapes{"bull", "camel", "dino", "elk",    "femur",
                                  "hand", "head",  "lion", "retinal"};
  std::vector<std::string> held_out{"elephant", "man", "pig"};
  Model model;
  int test = 50;
  std::filesystem::path weights = "relative_rotation.safetensors", load;
  std::string picture = "relative_rotation.png";
};

/// How many others a point hears of.
double mean_neighbors(const std::vector<Shape>& shapes, const PairOptions& options, double cutoff) {
  Rng rng(0);
  double edges = 0, points = 0;
  for (const auto& shape : shapes)
    for (int i = 0; i < 3; ++i) {
      const auto graph = radius_graph(random_pair(shape.surface, options, rng).first, cutoff);
      edges += graph.edges();
      points += graph.nodes();
    }
  return std::max(1.0, edges / points);
}

std::string exact(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

void print_errors(const std::string& what, const std::vector<double>& errors) {
  std::printf("%s: median %.2f degrees, mean %.2f, of %zu pairs\n", what.c_str(), median(errors),
              mean(errors), errors.size());
}

void run(const RunOptions& options) {
  const PairOptions& drawn = options.training.pairs;
  const auto seen = load_shapes(options.meshes, options.shapes),
             unseen = load_shapes(options.meshes, options.held_out);
  std::printf("%zu shapes to learn and %zu to test only, in %s\n", seen.size(), unseen.size(),
              options.meshes.string().c_str());
  Model model = options.model;
  if (!options.load.empty()) {
    auto notes = read_notes(options.load);
    expect(notes.count("cutoff"), options.load.string(),
           ": expected a note of the cutoff; is this a model of relative_rotation?");
    model.cutoff = std::strtod(notes["cutoff"].c_str(), nullptr);
  }
  // Of the clouds, not of the weights: a model works on clouds that are denser than those it
  // learned from.
  model.neighbors = mean_neighbors(seen, drawn, model.cutoff);
  auto net = make_network<float>(model);
  std::printf("%zu parameters, %d points a cloud, %.1f neighbors within %.2f radii\n",
              parameter_count(net), drawn.points, model.neighbors, model.cutoff);
  const std::map<std::string, std::string> model_notes{{"cutoff", exact(model.cutoff)}};
  if (options.load.empty()) {
    TrainingOptions training = options.training;
    training.notes = model_notes;
    training.notes["steps"] = std::to_string(training.steps);
    training.notes["batch"] = std::to_string(training.batch);
    training.notes["parts"] = std::to_string(training.parts);
    training.notes["points"] = std::to_string(drawn.points);
    training.notes["noise"] = exact(drawn.noise);
    training.notes["rate"] = exact(training.learning_rate);
    training.notes["seed"] = std::to_string(training.seed);
    const double seconds = train(net, seen, model.cutoff, training);
    save_weights(options.weights, net, model_notes);
    std::printf("trained in %.0f s; model in %s\n", seconds, options.weights.string().c_str());
  } else {
    load_weights(options.load, net);
  }

  // Other random numbers than those of the training.
  Rng rng(options.training.seed + 0x7e57);
  const auto frozen = net.freeze();
  char text[120];
  std::snprintf(text, sizeof text, "noise of %.3g %%, points drawn anew, ", 100 * drawn.noise);
  const auto errors = evaluate<float>(frozen, seen, drawn, options.test, model.cutoff, rng);
  print_errors(text + std::string("shapes it knows"), errors);
  for (const auto& shape : seen) {
    Rng own(options.training.seed + 0x0b1ec7);
    const auto of_one = evaluate<float>(frozen, {shape}, drawn, options.test, model.cutoff, own);
    std::printf("  %-10s %6.2f\n", shape.name.c_str(), median(of_one));
  }
  std::vector<std::pair<std::string, std::vector<double>>> sets{{"shapes it knows", errors}};
  if (!unseen.empty()) {
    sets.emplace_back("shapes it has never seen",
                      evaluate<float>(frozen, unseen, drawn, options.test, model.cutoff, rng));
    print_errors(text + sets.back().first, sets.back().second);
  }

  // The same points turned, without noise: what is left is rounding.
  auto precise = make_network<double>(model);
  copy_parameters(net, precise);
  const PairOptions pure{.points = drawn.points, .noise = 0, .resample = false};
  auto all = seen;
  all.insert(all.end(), unseen.begin(), unseen.end());
  const auto rest = evaluate<double>(precise.freeze(), all, pure, 4, model.cutoff, rng);
  const auto rest_float = evaluate<float>(frozen, all, pure, 4, model.cutoff, rng);
  std::printf("no noise, the same points: at most %.1e rad in double, %.1e in float\n",
              degrees * *std::max_element(rest.begin(), rest.end()),
              degrees * *std::max_element(rest_float.begin(), rest_float.end()));

  std::vector<Alignment> shown;
  const auto head = Procrustes<fields::answer>{}.freeze();
  for (const auto* set : {&seen, &unseen})
    for (const auto& shape : *set) {
      if (shown.size() == (set == &seen ? 3u : 4u)) break;
      const std::vector<CloudPair> pair{random_pair(shape.surface, drawn, rng)};
      const auto found = rotations<float>(frozen, head, pair, model.cutoff).first;
      shown.push_back({shape.name, pair[0], found[0].rotation});
    }
  draw_alignments(options.picture, shown, sets);
  std::printf("picture in %s\n", options.picture.c_str());
}

}  // namespace example

int main(int argc, char** argv) {
  example::RunOptions options;
  auto& training = options.training;
  int threads = 0;
  bool quick = false;
  CLI::App app{
      "Learns to say by how much an object is turned, from two clouds of points of its surface "
      "with "
      "noise: one network turns both clouds into vectors, and the Procrustes head finds the "
      "rotation between these."};
  app.add_option("--meshes", options.meshes, "folder of OFF files; default: those of this example")
      ->check(CLI::ExistingDirectory);
  app.add_option("--shapes", options.shapes, "names of the files to learn from");
  app.add_option("--held-out", options.held_out, "names of those to test with only");
  app.add_option("--points", training.pairs.points, "of each cloud")
      ->check(CLI::Range(8, 100000))
      ->capture_default_str();
  app.add_option("--noise", training.pairs.noise, "standard deviation, in radii of the shape")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--cutoff", options.model.cutoff,
                 "points farther apart do not talk; radii of the shape")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  auto* steps = app.add_option("--steps", training.steps, "of Adam")
                    ->check(CLI::Range(0, 10000000))
                    ->capture_default_str();
  app.add_flag("--quick", quick, "the short setting: 150 steps")->excludes(steps);
  app.add_option("--batch", training.batch, "pairs of clouds in a batch")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--parts", training.parts,
                 "of a batch, for threads to work on side by side; the result depends on it")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--rate", training.learning_rate, "learning rate at the start")
      ->capture_default_str();
  app.add_option("--seed", training.seed, "of all random numbers")->capture_default_str();
  app.add_option("--threads", threads, "0: all; results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--test", options.test, "pairs of each shape to test with")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--model", options.weights, "write the trained model here")->capture_default_str();
  app.add_option("--load", options.load, "test this model instead of training one");
  app.add_option("--save", training.save, "write a checkpoint here now and then");
  app.add_option("--resume", training.resume, "go on from such a checkpoint");
  app.add_option("--picture", options.picture, "the picture")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (quick) training.steps = 150;
  try {
    gsteer::expect(!options.shapes.empty(), "expected at least one shape");
    gsteer::set_threads(threads);
    example::run(options);
  } catch (const std::exception& error) {
    std::cerr << "\nrelative_rotation: " << error.what() << '\n';
    return 1;
  }
}
