// SPDX-License-Identifier: MIT
// Builds an encoder of point clouds step by step, and shows after each step which symmetries hold.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "point_encoder/encoders.hpp"
#include "support/mesh.hpp"

namespace example {

struct Options {
  std::filesystem::path mesh = std::filesystem::path(GSTEER_EXAMPLE_DATA
                                                     "/../../relative_rotation/"
                                                     "data/hand.off")
                                   .lexically_normal();
  int points = 128, neighbors = 16;
  std::uint64_t seed = 1;
};

constexpr const char* explanation = R"(
Each table has |f(g x) - g f(x)| / |f(x)| for an encoder f and moves g, in two rows.

exact moves    are done by double arithmetic without any rounding: coordinates are multiples of
               2^-20, shifts are, too; a rotation is half a turn about an axis, a reflection a
               mirror across a plane of coordinates, both of which only change signs; points come in
               another order, but every one lists its neighbors by their distance, so that sums are
               formed in one order; for the sum over all points in step 6 the features are first
               rounded to multiples of one number, which double adds exactly in any order. Here a
               symmetry that holds by construction holds to the last bit: 0.
any moves      are random shifts, rotations and reflections, which round the coordinates, and
               neighbors are added in the order in which points are stored. What holds by
               construction now holds to rounding: 1e-13 and less.
)";

std::string in_words(double error) {
  if (error == 0) return "0";
  char text[16];
  std::snprintf(text, sizeof text, "%.1e", error);
  return text;
}

template <class Encoder>
void show(const char* title, const char* formula, const char* gained, const Encoder& encoder,
          const Eigen::MatrixXd& positions, const Options& options) {
  std::printf("\n%s\n    %s\n    %s\n%15s", title, formula, gained, "");
  for (const char* name : symmetry_names) std::printf(" %12s", name);
  for (const bool exact : {true, false}) {
    std::printf("\n%-15s", exact ? "    exact moves" : "    any moves");
    Rng rng(options.seed);
    for (const auto symmetry :
         {Symmetry::translation, Symmetry::rotation, Symmetry::reflection, Symmetry::permutation})
      std::printf(" %12s", in_words(symmetry_error(encoder, positions, options.neighbors, symmetry,
                                                   exact, rng))
                               .c_str());
  }
  std::printf("\n");
}

void run(const Options& options) {
  Rng rng(options.seed);
  Eigen::MatrixXd positions = Surface(read_off(options.mesh)).sample(options.points, rng);
  for (Eigen::Index i = 0; i < positions.size(); ++i)
    positions.data()[i] = grid * std::nearbyint(positions.data()[i] / grid);
  std::printf("%d points of %s, each hears of its %d nearest; random weights, double precision\n",
              options.points, options.mesh.filename().string().c_str(), options.neighbors);
  std::printf("%s", explanation);

  show("0. A plain network of the coordinates of a point and its neighbors",
       "f_i = MLP(x_i, x_j, x_k, ...)", "nothing holds",
       Concatenation(options.neighbors, false, rng), positions, options);
  show("1. Relative positions", "f_i = MLP(0, x_j - x_i, x_k - x_i, ...)",
       "gained: translations, which leave differences as they are",
       Concatenation(options.neighbors, true, rng), positions, options);
  show("2. The same network for every neighbor, and their sum", "f_i = sum_j MLP(x_j - x_i)",
       "gained: permutations, because a sum has no order", Sum(rng), positions, options);

  const MessagePassingOptions lifting{.cutoff = 2, .average_neighbors = 1.0 * options.neighbors};
  const SteerableMessagePassingOptions messages{.aggregation = Aggregation::normalized,
                                                .average_neighbors = 1.0 * options.neighbors};
  const AttentionOptions hearing{.heads = 2, .cutoff = 2};
  show("3. Steerable kernels",
       "f_i = sum_j R(|x_j - x_i|) Y(x_j - x_i), radial networks times harmonics",
       "gained: rotations and reflections, at the price of kernels that depend on angles by Y",
       Layers(Sequential{Lifting{lifting}}, rng), positions, options);
  show("4. Non-linear messages",
       "m_ij = MLP(f_i, f_j, |x_j - x_i|^2; Y(x_j - x_i)), f_i' = f_i + MLP(f_i, sum_j m_ij)",
       "gained: no symmetry, but messages that depend on both ends and on angles in any way",
       Layers(Sequential{Lifting{lifting}, Messages{messages}}, rng), positions, options);
  show("5. Attention",
       "f_i' = f_i + sum_j a_ij v_ij, a_ij = softmax of invariants <query_i, key_ij>",
       "gained: no symmetry, but a point chooses whom it listens to",
       Layers(Sequential{Lifting{lifting}, Messages{messages}, Residual{Hearing{hearing}}}, rng),
       positions, options);
  Layers layers(Sequential{Lifting{lifting}, Messages{messages}, Residual{Hearing{hearing}}}, rng);
  show("6. Pooling", "f = <F, U F>, F = sum_i f_i: inner products of vectors of the whole cloud",
       "gained: one description of the cloud, which no move changes: invariance",
       Pooled(std::move(layers), rng), positions, options);
}

}  // namespace example

int main(int argc, char** argv) {
  example::Options options;
  CLI::App app{
      "Builds an encoder of point clouds step by step: relative positions, sums over neighbors, "
      "steerable kernels, non-linear messages, attention, pooling; and shows after each step which "
      "symmetries hold."};
  app.add_option("--mesh", options.mesh, "OFF file whose surface the points come from")
      ->check(CLI::ExistingFile)
      ->capture_default_str();
  app.add_option("--points", options.points, "of the cloud")
      ->check(CLI::Range(32, 128))
      ->capture_default_str();
  app.add_option("--neighbors", options.neighbors, "that a point hears of")
      ->check(CLI::Range(1, 31))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of all random numbers")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    example::run(options);
  } catch (const std::exception& error) {
    std::cerr << "\npoint_encoder: " << error.what() << '\n';
    return 1;
  }
}
