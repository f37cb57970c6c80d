// SPDX-License-Identifier: MIT
// Trains a network that commutes with rotations, and a plain CNN of equal size, to tell the regions
// of a brain in a scan that is never turned, and tests both on turned ones.
//
// There is one head. The networks learn from the left half and its mirror image, and are tested on
// the right half: on labels that they have not seen, of the same person (windows near the middle
// plane show both halves).
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "voxels/figure.hpp"

namespace example {

struct RunOptions {
  TrainingOptions training;
  std::filesystem::path folder = GSTEER_EXAMPLE_DATA, cut;
  int test = 100;  ///< windows of each region
  bool plain = true;
  std::string picture = "voxels.png";
};

/// How far the voxels that take part stay from the plane between the halves, in mm.
inline constexpr double margin = 3;

void print(const std::vector<Outcome>& outcomes) {
  std::printf("\n%-26s", "percent right");
  for (const Outcome& r : outcomes) std::printf("%30s", r.name.c_str());
  std::printf("\n%-26s", "");
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    std::printf("%10s%10s%10s", "upright", "lattice", "any");
  const auto row = [&](const char* name, auto&& value) {
    std::printf("\n%-26s", name);
    for (const Outcome& r : outcomes)
      for (const Score& score : r.scores) std::printf("%10.1f", value(score));
  };
  for (std::size_t i = 0; i < regions.size(); ++i)
    row(regions[i].name, [i](const Score& score) { return score.of[i]; });
  row("mean", [](const Score& score) { return score.mean; });
  std::printf("\n\n");
  for (const Outcome& r : outcomes)
    std::printf(
        "%-10s %6zu parameters   upright %5.1f %%   lattice %5.1f %%   any %5.1f %%   %6.1f s\n",
        r.name.c_str(), r.parameters, r.scores[0].mean, r.scores[1].mean, r.scores[2].mean,
        r.seconds);
}

void run(const RunOptions& options) {
  const Head head = read_head(options.folder);
  if (!options.cut.empty()) {
    write_nifti(options.cut / "ch2bet.nii", head.scan);
    write_nifti(options.cut / "aal.nii", head.labels);
    const auto [x, y, z] = head.scan.sizes;
    std::printf("wrote ch2bet.nii and aal.nii, %d x %d x %d voxels, to %s\n", x, y, z,
                options.cut.string().c_str());
    return;
  }
  const LabeledScan left = one_side(head, Side::left, margin),
                    right = one_side(head, Side::right, margin);
  const Gallery gallery(right);
  Experiment experiment{{TrainingHalf(left), TrainingHalf(mirrored(left))}, {}, {}, {}};
  const TestVoxels test = draw_test_voxels(right, options.test, Rng{2026});
  for (const Turn turn : {Turn::none, Turn::lattice, Turn::any})
    experiment.windows[static_cast<std::size_t>(turn)] =
        turned_windows(right, test.voxels, turn, Rng{2027});
  experiment.labels = test.labels;
  if (options.plain) experiment.slices = gallery.slices();
  std::size_t voxels = 0;
  for (const auto& some : experiment.halves[0].by_region) voxels += some.size();
  std::printf("%zu voxels of the left half to train on, %zu of the right half to test\n", voxels,
              test.labels.size());

  std::vector<Outcome> outcomes{learn_steerable(experiment, options.training)};
  if (options.plain) {
    TrainingOptions training = options.training;
    training.save.clear();
    training.resume.clear();
    outcomes.push_back(learn_plain(experiment, training));
  }
  print(outcomes);
  if (!options.plain) return;
  gallery.draw(options.picture, outcomes);
  std::printf("\nwrote %s\n", options.picture.c_str());
}

}  // namespace example

int main(int argc, char** argv) {
  example::RunOptions options;
  auto& training = options.training;
  int threads = 0;
  bool quick = false;
  CLI::App app{
      "Trains a network that commutes with rotations and reflections, and a plain CNN with as many "
      "parameters, to tell the regions of a brain in a scan; tests both on the other half of it, "
      "upright and turned, and draws what they see."};
  app.add_option("--data", options.folder,
                 "folder of ch2bet.nii and aal.nii; default: those that ship with this example, of "
                 "voxels of 3 mm")
      ->check(CLI::ExistingDirectory);
  app.add_option("--make-cut", options.cut,
                 "write the files of --data, made smaller as those of this example are, to this "
                 "folder, and stop")
      ->check(CLI::ExistingDirectory);
  auto* epochs = app.add_option("--epochs", training.epochs, "of 25 steps")
                     ->check(CLI::Range(0, 100000))
                     ->capture_default_str();
  app.add_option("--steps", training.steps, "of an epoch")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--batch", training.batch, "windows in a batch")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--rate", training.learning_rate, "learning rate at the start")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", training.seed, "of all random numbers")->capture_default_str();
  app.add_option("--threads", threads, "0: all; results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--test", options.test, "windows of each region to test with")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_flag("--quick", quick, "a training of seconds")->excludes(epochs);
  app.add_option("--save", training.save,
                 "write a checkpoint of the equivariant network here after every epoch");
  app.add_option("--resume", training.resume, "go on from such a checkpoint");
  app.add_option("--output", options.picture, "the picture")->capture_default_str();
  app.add_flag("!--no-cnn", options.plain, "leave the plain CNN out");
  CLI11_PARSE(app, argc, argv);
  if (quick) {
    training.epochs = 1;
    training.steps = 5;
    options.test = std::min(options.test, 10);
  }
  try {
    gsteer::set_threads(threads);
    example::run(options);
  } catch (const std::exception& error) {
    std::cerr << "\nvoxels: " << error.what() << '\n';
    return 1;
  }
}
