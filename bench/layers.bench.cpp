// SPDX-License-Identifier: MIT
// Every layer of the table by itself, by each method, next to its peers: Google Benchmark, with its
// filters and formats. Ratios are those of gsteer.bench.table, where runs take turns.
#include <benchmark/benchmark.h>

#include <functional>
#include <string>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/core/parallel.hpp"
#include "peers/peers.hpp"
#include "work/work.hpp"

using namespace bench;

namespace {

/// Makes the passes when the benchmark runs: fields and layers of all at once are too many.
void add(const std::string& name, double operations, const std::function<Passes()>& make) {
  const auto one = [&](const char* pass, std::function<void()> Passes::*of, double share) {
    const auto run = [=](benchmark::State& state) {
      try {
        const Passes passes = make();
        (passes.*of)();  // makes caches and memory ready
        for (auto _ : state) (passes.*of)();
      } catch (const gsteer::Error& error) {
        state.SkipWithError(error.what());
      }
      if (operations > 0)
        state.counters["dense GFLOP/s"] = benchmark::Counter(
            share * operations * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
    };
    benchmark::RegisterBenchmark((name + ", " + pass).c_str(), run)->Unit(benchmark::kMillisecond);
  };
  one("inference", &Passes::inference, 1);
  one("training", &Passes::training, 3);
}

void add(const Task& task) {
  benchmark::RegisterBenchmark(task.name.c_str(), [task](benchmark::State& state) {
    for (auto _ : state) task.run();
    state.SetItemsProcessed(state.iterations() * task.count);
  });
}

void add(const std::vector<GridWork>& works) {
  for (const auto& w : works) {
    const double n = w.shape.operations();
    add(w.name + ", harmonic", n, [w] { return w.passes(Method::harmonic); });
    add(w.name + ", dense", n, [w] { return w.passes(Method::dense); });
    if (has_onednn()) add(w.name + ", oneDNN", n, [w] { return *onednn(w.shape); });
    if (has_pytorch()) add(w.name + ", PyTorch", n, [w] { return *pytorch(w.shape); });
  }
}

}  // namespace

int main(int argc, char** argv) {
  gsteer::set_threads(1);
  set_onednn_threads(1);
  set_pytorch_threads(1);
  add(choices_in_the_plane());
  add(choices_in_space());
  for (const auto& w : table_on_graphs()) add(w.name, 0, [w] { return w.passes(); });
  for (const auto& task : spherical_harmonics()) add(task);
  add(set_up_in_the_plane());
  for (const auto& task : set_ups_in_space()) add(task);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
