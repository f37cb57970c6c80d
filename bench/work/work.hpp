// SPDX-License-Identifier: MIT
// What the benchmarks measure, as data: the programs that print, plot and compare need not know the
// types of the layers.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bench {

/// What a layer, or a peer, does; a call is one pass.
struct Passes {
  std::function<void()> inference;
  std::function<void()> gradients;  ///< by input and weights, of the last training step
  std::function<void()> training;   ///< a step: forward and all gradients
};

/// The size of a convolution, `size` points along each of `dimension` axes, in channels.
struct ConvolutionShape {
  int dimension = 2, batch = 1, size = 1, in = 1, out = 1, kernel = 1, stride = 1;

  int padding() const { return kernel / 2; }
  int output() const { return (size - 1) / stride + 1; }
  /// Multiply-adds of one pass of the dense form, times two.
  double operations() const {
    double n = 2.0 * batch * in * out;
    for (int axis = 0; axis < dimension; ++axis) n *= double{1} * kernel * output();
    return n;
  }
};

/// gsteer::ConvolutionMethod
enum class Method { automatic, dense, harmonic };

/// A convolution of ours.
struct GridWork {
  std::string name;
  ConvolutionShape shape;
  /// \throws gsteer::Error if the method does not apply
  Passes (*make)(const ConvolutionShape&, Method);

  Passes passes(Method method) const { return make(shape, method); }
};

/// A layer of message passing between `channels` of every l <= l_max, on a graph of 100 nodes.
struct GraphWork {
  std::string name;
  int channels = 0, l_max = 0, edges = 0;
  Passes (*make)(int edges);

  Passes passes() const { return make(edges); }
  /// Triples (l1, l2, l3) that couple with equal parity.
  int paths() const;
};

/// The rows of the table in design.md.
std::vector<GridWork> table_in_the_plane();
std::vector<GridWork> table_in_space();
std::vector<GraphWork> table_on_graphs();

/// Where the choice between the dense and the harmonic form could go wrong.
std::vector<GridWork> choices_in_the_plane();
std::vector<GridWork> choices_in_space();

/// A quantity that grows from work to work.
template <class Work>
struct Scaling {
  std::string what;  ///< the label of its axis
  std::vector<double> at;
  std::vector<Work> works;
  bool logarithmic = true;  ///< the axis
};
std::vector<Scaling<GridWork>> scalings_in_the_plane();
Scaling<GridWork> scaling_in_space();
std::vector<Scaling<GraphWork>> scalings_on_graphs();

/// What is reported by its time alone.
struct Task {
  std::string name;
  int count = 1;  ///< of things that one call does: the time is given for each of them
  std::function<void()> run;
};
Task set_up_in_the_plane();
std::vector<Task> set_ups_in_space();
std::vector<Task> spherical_harmonics();

}  // namespace bench
