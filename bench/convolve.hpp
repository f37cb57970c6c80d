// SPDX-License-Identifier: MIT
// A convolution by its dense kernel and by the harmonic method, inference and training step
// (forward, all gradients, coefficients included), one thread. The dense product runs near the
// limit of the machine; see its rate in GFLOP/s.
#pragma once

#include <benchmark/benchmark.h>

#include <string>

#include "gsteer/gsteer.hpp"

namespace bench {

/// `size` points along each axis of the space that the group acts on.
template <auto In, auto Out, int Kernel>
void convolve(benchmark::State& state, gsteer::ConvolutionMethod method, bool training, int batch,
              int size) {
  using namespace gsteer;
  constexpr int dimension = features_of<In>::group::dimension;
  set_threads(1);
  steerable_conv<dimension, features_of<In>, features_of<Out>, Kernel> layer{
      {.padding = Kernel / 2, .bias = false, .method = method}};
  initialize(layer, Rng{1});
  Grid<dimension> grid;
  for (int& n : grid.sizes) n = size;
  Rng rng(2);
  GridField<In> x(batch, grid);
  for (auto& v : x.values()) v = static_cast<float>(rng.normal());
  const auto frozen = layer.freeze();
  for (auto _ : state) {
    if (training) {
      const auto y = layer.forward(x);
      benchmark::DoNotOptimize(layer.backward(y).data());
    } else {
      benchmark::DoNotOptimize(frozen.forward(x).data());
    }
  }
  double operations = 2.0 * In.size() * Out.size() * batch;
  for (int axis = 0; axis < dimension; ++axis) operations *= Kernel * size;
  state.counters["dense GFLOP/s"] = benchmark::Counter(
      operations * (training ? 3 : 1) * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

template <auto In, auto Out, int Kernel>
void add(const std::string& name, int batch, int size) {
  using gsteer::ConvolutionMethod;
  for (const bool training : {false, true})
    for (const auto method : {ConvolutionMethod::dense, ConvolutionMethod::harmonic})
      benchmark::RegisterBenchmark((name + (training ? ", training, " : ", inference, ") +
                                    (method == ConvolutionMethod::dense ? "dense" : "harmonic"))
                                       .c_str(),
                                   &convolve<In, Out, Kernel>, method, training, batch, size)
          ->Unit(benchmark::kMillisecond);
}

}  // namespace bench
