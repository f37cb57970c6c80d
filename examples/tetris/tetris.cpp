// SPDX-License-Identifier: MIT
// Learns eight shapes of four cubes in one pose each, and knows them in all others.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "tetris/figure.hpp"
#include "tetris/network.hpp"

namespace example {

struct Options {
  int steps = 300, rotations = 100;
  double rate = 0.01;
  std::uint64_t seed = 1;
  std::string picture = "tetris.png";
};

template <class Net>
auto answers(Net& net, const Graph& graph) {
  Field<typename Net::in, typename Net::Scalar, Point> x(graph.nodes());
  for (auto& value : x.values()) value = 1;
  return net.forward(std::move(x), graph);
}

template <class Field>
int right_ones(const Field& said) {
  int right = 0;
  for (int shape = 0; shape < shape_count; ++shape) right += shape_of(said, shape) == shape;
  return right;
}

void run(const Options& options) {
  Rng rng(options.seed);
  auto net = make_network<float>();
  initialize(net, rng);
  Adam optimizer{net, {.learning_rate = options.rate}};
  const std::vector<orthogonal<3>::element> upright(shape_count, orthogonal<3>::identity());
  const Graph graph = moved_shapes(upright);
  PointField<answer> targets(shape_count);
  for (int shape = 0; shape < shape_count; ++shape)
    for (int c = 0; c < answer_size; ++c)
      targets(shape, c) = static_cast<float>(target_of(shape)[static_cast<std::size_t>(c)]);
  std::printf("%zu parameters\n", parameter_count(net));
  for (int step = 1; step <= options.steps; ++step) {
    const auto said = answers(net, graph);
    const auto [loss, gradient] = mean_square_error(said, targets);
    Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph.edges());
    net.backward(gradient, d_vectors);
    optimizer.step();
    if (step % 50 == 0 || step == options.steps)
      std::printf("step %3d: loss %.1e, %d of %d shapes\n", step, static_cast<double>(loss),
                  right_ones(said), shape_count);
  }

  int turned = 0, mirrored = 0;
  const auto random = [&](bool inverted) {
    std::vector<orthogonal<3>::element> elements;
    for (int shape = 0; shape < shape_count; ++shape) {
      elements.push_back(orthogonal<3>::sample(rng));
      elements.back().inverted = inverted;
    }
    return elements;
  };
  for (int k = 0; k < options.rotations; ++k) {
    turned += right_ones(answers(net, moved_shapes(random(false))));
    // A mirror image of the left one is the right one, and all others are their own.
    const auto said = answers(net, moved_shapes(random(true)));
    for (int shape = 0; shape < shape_count; ++shape)
      mirrored += shape_of(said, shape) == (shape < 2 ? 1 - shape : shape);
  }
  const int all = options.rotations * shape_count;
  std::printf("turned at random: %d of %d right\n", turned, all);
  std::printf("turned and mirrored: %d of %d right, with left and right exchanged\n", mirrored,
              all);

  auto exact = make_network<double>();
  copy_parameters(net, exact);
  const auto before = answers(exact, graph), after = answers(exact, moved_shapes(random(false)));
  double change = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    change = std::max(change, std::abs(before.values()[i] - after.values()[i]));
  std::printf("in double, turning changes the answers by at most %.1e\n", change);

  const auto poses = random(false);
  draw_answers(options.picture, poses, answers(net, moved_shapes(poses)));
  std::printf("picture in %s\n", options.picture.c_str());
}

}  // namespace example

int main(int argc, char** argv) {
  example::Options options;
  CLI::App app{
      "Learns eight shapes of four cubes, among them two mirror images, in one pose each; a "
      "network "
      "that commutes with O(3) then knows them in every other."};
  app.add_option("--steps", options.steps, "of Adam")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  app.add_option("--rate", options.rate, "learning rate")->capture_default_str();
  app.add_option("--rotations", options.rotations, "random poses of each shape to test")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of all random numbers")->capture_default_str();
  app.add_option("--picture", options.picture, "the picture")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    example::run(options);
  } catch (const std::exception& error) {
    std::cerr << "\ntetris: " << error.what() << '\n';
    return 1;
  }
}
