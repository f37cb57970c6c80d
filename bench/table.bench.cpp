// SPDX-License-Identifier: MIT
// The speed of gsteer as ratios to its peers, in one table: gsteer.bench.table [SECONDS
// [SECTION...]] where SECONDS is what each row may take. Times are medians of runs that take turns
// with the peer's; those of one thread are CPU time, so that other programs on the machine do not
// count.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/core/parallel.hpp"
#include "interleave.hpp"
#include "peers/peers.hpp"
#include "table.hpp"
#include "work/work.hpp"

using namespace bench;

namespace {

constexpr std::size_t width = 52;
double budget = 1;

void set_threads(int count) {
  gsteer::set_threads(count);
  set_onednn_threads(count);
  set_pytorch_threads(count);
}

std::vector<GridWork> join(std::vector<GridWork> a, const std::vector<GridWork>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

std::string milliseconds(double seconds) { return seconds > 0 ? number(1e3 * seconds) : "-"; }
std::string times(double ratio) { return number(ratio).append("x"); }

/// What issue "Speed" asks of a convolution: least and aimed ratio in inference and in training.
struct Target {
  double least[2], aim[2];
};

std::string met(double ratio, double least, double aim) {
  return ratio >= aim ? "aim" : ratio >= least ? "yes" : "NO";
}

/// A row of ours against a peer.
void compare(const Table& table, const std::string& name, const Run& ours, const Run& peer,
             double least, double aim) {
  const auto t = interleave({peer, ours}, budget);
  std::vector<std::string> row{name,      milliseconds(t[1]), milliseconds(t[0]),
                               "no peer", times(least),       times(aim)};
  if (t[0] > 0) {
    row[3] = times(t[0] / t[1]);
    row.push_back(met(t[0] / t[1], least, aim));
  }
  table.row(row);
}

void grids() {
  const auto works = join(table_in_the_plane(), table_in_space());
  const std::vector<Target> targets{{{2.7, 2.5}, {4, 4}},
                                    {{3.5, 3.5}, {5, 5}},
                                    {{3, 3}, {5, 5}},
                                    {{1.5, 1.5}, {3, 3}},
                                    {{4, 4}, {10, 10}}};
  const Table table("Convolutions, one thread: inference against oneDNN, training against PyTorch",
                    width, {"work", "ours ms", "peer ms", "ratio", "at least", "aim", "met"});
  for (std::size_t i = 0; i < works.size(); ++i) {
    const auto& w = works[i];
    const Passes ours = w.passes(Method::automatic);
    const auto dnnl = onednn(w.shape), torch = pytorch(w.shape);
    compare(table, w.name + ", inference", ours.inference, dnnl ? dnnl->inference : Run(),
            targets[i].least[0], targets[i].aim[0]);
    compare(table, w.name + ", training", ours.training, torch ? torch->training : Run(),
            targets[i].least[1], targets[i].aim[1]);
  }
}

void dense() {
  const Table table(
      "Our dense path against oneDNN's direct one, one thread. Last column: what oneDNN takes\n"
      "where it may choose the algorithm; Winograd's needs fewer multiplications",
      width, {"work", "ours ms", "peer ms", "ratio", "at least", "met", "auto ms"});
  for (const auto& w : join(table_in_the_plane(), table_in_space())) {
    const Passes ours = w.passes(Method::dense), none;
    const Passes direct = onednn(w.shape, Algorithm::direct).value_or(none);
    const Passes best = onednn(w.shape).value_or(none);
    const auto row = [&](const std::string& pass, Run Passes::*of) {
      const auto t = interleave({direct.*of, ours.*of, best.*of}, budget);
      const double ratio = t[0] / t[1];
      table.row({w.name + pass, milliseconds(t[1]), milliseconds(t[0]),
                 ratio > 0 ? times(ratio) : "no peer", "0.9x",
                 ratio > 0 ? met(ratio, 0.9, 1e9) : "", milliseconds(t[2])});
    };
    row(", forward", &Passes::inference);
    row(", gradients", &Passes::gradients);
  }
}

/// Seconds on the wall of the same work on one thread and on two.
std::vector<double> on_one_and_two(const Run& one, const Run& two, void (*set)(int)) {
  const auto on = [set](int count, const Run& run) {
    return [set, count, &run] {
      set(count);
      run();
    };
  };
  const auto t = interleave({on(1, one), on(2, two)}, budget, Clock::wall);
  set(1);
  return t;
}

void threads() {
  const Table table(
      "Two threads against one, time on the wall. Last column: oneDNN's dense convolution on the\n"
      "same cores; what else they have to do shows there",
      width, {"work", "two ms", "one ms", "ratio", "at least", "met", "oneDNN"});
  using Pass = Run Passes::*;
  const auto row = [&](const std::string& name, Pass pass, const Passes& ours,
                       const std::optional<Passes> peer[2]) {
    const Run& run = ours.*pass;
    const auto t = on_one_and_two(run, run, &gsteer::set_threads);
    std::vector<std::string> cells{name,
                                   milliseconds(t[1]),
                                   milliseconds(t[0]),
                                   times(t[0] / t[1]),
                                   "1.8x",
                                   t[0] >= 1.8 * t[1] ? "yes" : "NO"};
    if (peer[0]) {
      const auto p = on_one_and_two((*peer[0]).*pass, (*peer[1]).*pass, &set_onednn_threads);
      cells.push_back(times(p[0] / p[1]));
    }
    table.row(cells);
  };
  const auto rows = [&](const std::string& name, const Passes& ours,
                        const ConvolutionShape* shape) {
    std::optional<Passes> peer[2];  // oneDNN plans for the number of threads there is
    for (int count = 1; shape && count <= 2; ++count) {
      set_onednn_threads(count);
      peer[count - 1] = onednn(*shape);
    }
    row(name + ", inference", &Passes::inference, ours, peer);
    row(name + ", training", &Passes::training, ours, peer);
  };
  for (const auto& w : join(table_in_the_plane(), table_in_space()))
    rows(w.name, w.passes(Method::automatic), &w.shape);
  for (const auto& w : table_on_graphs()) rows(w.name, w.passes(), nullptr);
}

void choices() {
  const Table table(
      "The choice of the method, one thread: automatic is at most 1.1 x the better one", width,
      {"work", "auto ms", "dense ms", "harm. ms", "ratio", "at most", "met"});
  for (const auto& w : join(choices_in_the_plane(), choices_in_space())) {
    const auto row = [&](const std::string& pass, Run Passes::*of) {
      std::vector<Run> runs;
      for (const auto method : {Method::automatic, Method::dense, Method::harmonic}) {
        try {
          runs.push_back(w.passes(method).*of);
        } catch (const gsteer::Error&) {
          runs.emplace_back();
        }
      }
      const auto t = interleave(runs, budget);
      const double best = t[2] > 0 ? std::min(t[1], t[2]) : t[1];
      table.row({w.name + pass, milliseconds(t[0]), milliseconds(t[1]), milliseconds(t[2]),
                 times(t[0] / best), "1.1x", t[0] <= 1.1 * best ? "yes" : "NO"});
    };
    row(", inference", &Passes::inference);
    row(", training", &Passes::training);
  }
}

/// Milliseconds of e3nn 0.5.1 on another machine, inference and training.
constexpr double e3nn[][2] = {{12.5, 58}, {20, 98}, {35, 164}};

void graphs() {
  const Table table(
      "Message passing, 2000 edges, 100 nodes, radial network 8-64, one thread. Last column:\n"
      "e3nn 0.5.1 as measured on another machine; no ratio is claimed",
      width, {"work", "ours ms", "ns / (edge channel path)", "e3nn there ms"});
  const auto works = table_on_graphs();
  for (std::size_t i = 0; i < works.size(); ++i) {
    const auto& w = works[i];
    const Passes ours = w.passes();
    const auto t = interleave({ours.inference, ours.training}, 2 * budget);
    for (std::size_t pass = 0; pass < 2; ++pass)
      table.row({w.name + (pass == 0 ? ", inference" : ", training"), milliseconds(t[pass]),
                 number(1e9 * t[pass] / (double{1} * w.edges * w.channels * w.paths())),
                 number(e3nn[i][pass])});
  }
}

void limits(const std::string& title, const std::string& unit, double scale,
            const std::vector<Task>& tasks, const std::string& limited, double most, double aim) {
  const Table table(title, width, {"work", unit, "at first", "at most", "aim", "met"});
  for (const auto& task : tasks) {
    const double first = seconds(task.run, 1, Clock::cpu) / task.count * scale;
    const double t = interleave({task.run}, budget)[0] / task.count * scale;
    std::vector<std::string> row{task.name, number(t), number(first)};
    if (task.name == limited)
      row.insert(row.end(), {number(most), number(aim), met(-t, -most, -aim)});
    table.row(row);
  }
}

void harmonics() {
  limits("Spherical harmonics, float, one thread", "ns / point", 1e9, spherical_harmonics(),
         "harmonics, values and gradients, l <= 4", 15, 6);
}

void set_up() {
  auto tasks = set_ups_in_space();
  tasks.insert(tasks.begin(), set_up_in_the_plane());
  limits("Set-up with initialization, one thread", "ms", 1e3, tasks, tasks[0].name, 5, 1);
}

}  // namespace

int main(int argc, char** argv) {
  // Set-up first: nothing has been prepared by other sections then.
  const std::vector<std::pair<std::string_view, void (*)()>> sections{
      {"set-up", &set_up},   {"grids", &grids},   {"dense", &dense},        {"threads", &threads},
      {"choices", &choices}, {"graphs", &graphs}, {"harmonics", &harmonics}};
  const std::vector<std::string_view> asked(argv + std::min(argc, 2), argv + argc);
  for (const auto name : asked)
    if (std::none_of(sections.begin(), sections.end(), [&](auto& s) { return s.first == name; })) {
      std::fprintf(stderr, "gsteer.bench.table [SECONDS [SECTION...]], sections");
      for (const auto& section : sections) std::fprintf(stderr, " %s", section.first.data());
      std::fprintf(stderr, "\n");
      return 1;
    }
  if (argc > 1) budget = std::atof(argv[1]);
  if (!has_onednn()) std::printf("oneDNN was not found: its rows have no peer.\n");
  if (!has_pytorch()) std::printf("PyTorch was not found: its rows have no peer.\n");
  set_threads(1);
  for (const auto& [name, section] : sections)
    if (asked.empty() || std::find(asked.begin(), asked.end(), name) != asked.end()) section();
}
