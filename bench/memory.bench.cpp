// SPDX-License-Identifier: MIT
// The most memory that each work needs, in a process of its own: gsteer.bench.memory. What is given
// is above that of the program that does nothing.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "peers/peers.hpp"
#include "table.hpp"
#include "work/work.hpp"

using namespace bench;

namespace {

using Pass = std::function<void()> Passes::*;

/// Two calls: memory that is kept from one to the next counts with that of the next.
void twice(const Passes& passes, Pass pass) {
  for (int i = 0; i < 2; ++i) (passes.*pass)();
}

struct Case {
  std::string work;
  std::vector<std::function<void()>> columns;  ///< empty functions: absent
};

void add(std::vector<Case>& cases, const GridWork& w) {
  for (const Pass pass : {&Passes::inference, &Passes::training}) {
    std::vector<std::function<void()>> columns(4);
    columns[0] = [=] { twice(w.passes(Method::automatic), pass); };
    columns[1] = [=] { twice(w.passes(Method::dense), pass); };
    if (has_onednn()) columns[2] = [=] { twice(*onednn(w.shape), pass); };
    if (has_pytorch()) columns[3] = [=] { twice(*pytorch(w.shape), pass); };
    cases.push_back(
        {w.name + (pass == &Passes::inference ? ", inference" : ", training"), std::move(columns)});
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases{{"nothing", {[] {}}}};
  for (const auto& w : table_in_the_plane()) add(cases, w);
  for (const auto& w : table_in_space()) add(cases, w);
  for (const auto& w : table_on_graphs()) {
    cases.push_back({w.name + ", inference", {[=] { twice(w.passes(), &Passes::inference); }}});
    cases.push_back({w.name + ", training", {[=] { twice(w.passes(), &Passes::training); }}});
  }
  const Task plane = set_up_in_the_plane();
  cases.push_back({"set-up of a " + plane.name, {plane.run}});
  for (const auto& task : set_ups_in_space())
    cases.push_back({"set-up of a " + task.name, {task.run}});
  return cases;
}

/// Megabytes at the peak of a new process of this program that carries out one case; 0 if that
/// fails.
double peak(const char* program, std::size_t row, std::size_t column) {
  const std::string r = std::to_string(row), c = std::to_string(column);
  const pid_t child = fork();
  if (child == 0) {
    execl(program, program, r.c_str(), c.c_str(), static_cast<char*>(nullptr));
    _exit(1);
  }
  int status = 0;
  rusage usage{};
  if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0) return 0;
#if defined(__APPLE__)
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);  // bytes there
#else
  return static_cast<double>(usage.ru_maxrss) / (1 << 10);
#endif
}

}  // namespace

int main(int argc, char** argv) {
  const auto cases = all_cases();
  if (argc > 2) {
    gsteer::set_threads(1);
    set_onednn_threads(1);
    set_pytorch_threads(1);
    cases.at(std::strtoul(argv[1], nullptr, 10)).columns.at(std::strtoul(argv[2], nullptr, 10))();
    _exit(0);  // the end of PyTorch's libraries takes memory, too
  }
  const double nothing = peak(argv[0], 0, 0);
  const Table table("Memory at the peak, MB above the " + number(nothing) + " MB of the program",
                    52, {"work", "gsteer", "gsteer, dense", "oneDNN", "PyTorch"});
  for (std::size_t row = 1; row < cases.size(); ++row) {
    std::vector<std::string> cells{cases[row].work};
    for (std::size_t column = 0; column < cases[row].columns.size(); ++column) {
      const double most = cases[row].columns[column] ? peak(argv[0], row, column) : 0;
      cells.push_back(most > 0 ? number(most - nothing) : "-");
    }
    table.row(cells);
  }
}
