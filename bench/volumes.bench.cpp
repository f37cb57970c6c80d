// SPDX-License-Identifier: MIT
// Convolutions of volumes; and what it takes to set up layers between regular fields of the
// octahedron's and the icosahedron's rotations, in time and in memory.
#include <sys/resource.h>

#include "convolve.hpp"
#include "gsteer/group/polyhedral.hpp"

using namespace gsteer;

namespace {

/// Megabytes that the process has needed at most.
double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Runs before all others: the peak only grows. What it counts is above that of the program itself.
template <auto F, int Kernel>
void set_up(benchmark::State& state, double before) {
  for (auto _ : state) {
    Conv3d<F, F, Kernel> layer;
    initialize(layer, Rng{1});
    benchmark::DoNotOptimize(layer);
  }
  state.counters["MB"] = peak_memory() - before;
}

}  // namespace

int main(int argc, char** argv) {
  const double before = peak_memory();
  benchmark::RegisterBenchmark("set-up I regular 3^3", &set_up<regular<icosahedral>, 3>, before)
      ->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("set-up O regular 5^3", &set_up<regular<octahedral>, 5>, before)
      ->Unit(benchmark::kMillisecond);
  constexpr auto up_to_2 = 8 * irrep<SO<3>, 0> + 8 * irrep<SO<3>, 1> + 8 * irrep<SO<3>, 2>;
  bench::add<up_to_2, up_to_2, 5>("SO(3) 8 (0 + 1 + 2) 5^3", 1, 24);
  constexpr auto turned = 2 * regular<octahedral>;
  bench::add<turned, turned, 3>("O 2 -> 2 regular 3^3", 1, 24);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
