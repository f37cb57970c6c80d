// SPDX-License-Identifier: MIT
// Trains a rotation-equivariant network and a plain CNN of equal size on upright digits, and tests
// both on turned ones.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <limits>

#include "rotated_digits/run.hpp"
#include "support/output.hpp"

namespace {

/// So that a mistake in a path does not show after minutes of training.
void expect_outputs(const example::RunOptions& options) {
  if (options.plain) example::expect_writable(options.picture);
  if (!options.training.save.empty()) example::expect_replaceable(options.training.save);
}

}  // namespace

int main(int argc, char** argv) {
  example::RunOptions options;
  std::string group = "C8";
  int threads = 0;
  CLI::App app{
      "Trains a network that commutes with rotations, and a plain CNN with as many parameters, on "
      "upright digits; tests "
      "both on upright and on randomly turned digits, and draws how features turn with a digit."};
  app.add_option("--group", group, "symmetry of the network: C4, C8, C16 or D4")
      ->check(CLI::IsMember({"C4", "C8", "C16", "D4"}))
      ->capture_default_str();
  app.add_option("--epochs", options.training.epochs, "times through the training set")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  app.add_option("--seed", options.training.seed, "of all random numbers")
      ->check(CLI::Range(std::int64_t{0}, std::numeric_limits<std::int64_t>::max()))
      ->capture_default_str();
  app.add_option("--threads", threads, "0: all; results do not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--mnist", options.folder,
                 "folder of the four IDX files of MNIST; default: 2,000 + 1,000 digits that ship "
                 "with this example")
      ->capture_default_str();
  app.add_option("--limit", options.limit, "use only so many digits of each set; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--save", options.training.save,
                 "write a checkpoint of the equivariant network here after every epoch");
  app.add_option(
      "--resume", options.training.resume,
      "go on from such a checkpoint, with the --epochs, --seed and --limit of the run it is of");
  app.add_option("--output", options.picture, "the picture")->capture_default_str();
  app.add_flag("!--no-cnn", options.plain,
               "leave the plain CNN out, and the picture, which compares the two");
  CLI11_PARSE(app, argc, argv);
  try {
    gsteer::set_threads(threads);
    expect_outputs(options);
    if (group == "C4") example::run_c4(options);
    if (group == "C8") example::run_c8(options);
    if (group == "C16") example::run_c16(options);
    if (group == "D4") example::run_d4(options);
  } catch (const std::exception& error) {
    std::cerr << "\nrotated_digits: " << error.what() << '\n';
    return 1;
  }
}
