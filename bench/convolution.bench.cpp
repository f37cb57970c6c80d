// SPDX-License-Identifier: MIT
// A convolution by its dense kernel and by the harmonic method, inference and training step
// (forward, all gradients, coefficients included), one thread. The dense product runs near the
// limit of the machine; see its rate in GFLOP/s.
#include <benchmark/benchmark.h>

#include <utility>

#include "gsteer/gsteer.hpp"

using namespace gsteer;

namespace {

template <auto In, auto Out, int Kernel>
void convolve(benchmark::State& state, ConvolutionMethod method, bool training, int batch,
              int size) {
  set_threads(1);
  Conv2d<In, Out, Kernel> layer{{.padding = Kernel / 2, .bias = false, .method = method}};
  initialize(layer, Rng{1});
  Rng rng(2);
  GridField<In> x(batch, size, size);
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
  const double operations = 2.0 * In.size() * Out.size() * Kernel * Kernel * batch * size * size;
  state.counters["dense GFLOP/s"] = benchmark::Counter(
      operations * (training ? 3 : 1) * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

template <auto In, auto Out, int Kernel>
void add(const std::string& name, int batch, int size) {
  for (const bool training : {false, true})
    for (const auto method : {ConvolutionMethod::dense, ConvolutionMethod::harmonic})
      benchmark::RegisterBenchmark((name + (training ? ", training, " : ", inference, ") +
                                    (method == ConvolutionMethod::dense ? "dense" : "harmonic"))
                                       .c_str(),
                                   &convolve<In, Out, Kernel>, method, training, batch, size)
          ->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr auto r8 = regular<C<8>>;
  add<16 * r8, 16 * r8, 5>("C_8 16 -> 16 regular 5x5", 16, 28);
  add<16 * r8, 16 * r8, 3>("C_8 16 -> 16 regular 3x3", 16, 28);
  add<32 * r8, 32 * r8, 5>("C_8 32 -> 32 regular 5x5", 8, 28);
  add<8 * regular<C<16>>, 8 * regular<C<16>>, 5>("C_16 8 -> 8 regular 5x5", 16, 28);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
