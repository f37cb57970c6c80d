// SPDX-License-Identifier: MIT
// How the times grow, on one thread: gsteer.bench.scaling FOLDER [SECONDS] writes scaling.csv and
// the charts scaling_*.svg to a folder; SECONDS is what each point may take.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "chart.hpp"
#include "gsteer/core/parallel.hpp"
#include "interleave.hpp"
#include "peers/peers.hpp"
#include "work/work.hpp"

using namespace bench;

namespace {

using Pass = std::function<void()> Passes::*;
double budget = 0.5;

/// Measures point by point; curves without a value anywhere are left out.
template <class Work, class Measure>
Panel grow(const Scaling<Work>& scaling, const std::vector<std::string>& names,
           const Measure& measure) {
  Panel panel{scaling.what, scaling.at, {}, scaling.logarithmic};
  for (const auto& name : names) panel.curves.push_back({name, {}});
  for (std::size_t i = 0; i < scaling.works.size(); ++i) {
    const std::vector<double> seconds = measure(scaling.works[i]);
    for (std::size_t c = 0; c < seconds.size(); ++c) panel.curves[c].y.push_back(1e3 * seconds[c]);
    std::printf("%s %g\n", scaling.what.c_str(), scaling.at[i]);
    std::fflush(stdout);
  }
  std::erase_if(panel.curves, [](const Curve& c) {
    return std::all_of(c.y.begin(), c.y.end(), [](double y) { return y == 0; });
  });
  return panel;
}

template <class Peer>
std::vector<Panel> grids(Pass pass, const char* peer_name, const Peer& peer) {
  auto scalings = scalings_in_the_plane();
  scalings.push_back(scaling_in_space());
  std::vector<Panel> panels;
  for (const auto& scaling : scalings)
    panels.push_back(
        grow(scaling, {"gsteer, harmonic", "gsteer, dense", peer_name}, [&](const GridWork& w) {
          const Passes harmonic = w.passes(Method::harmonic), dense = w.passes(Method::dense);
          const auto other = peer(w.shape);
          return interleave(
              {harmonic.*pass, dense.*pass, other ? (*other).*pass : std::function<void()>()},
              budget);
        }));
  return panels;
}

std::vector<Panel> graphs() {
  std::vector<Panel> panels;
  for (const auto& scaling : scalings_on_graphs())
    panels.push_back(grow(scaling, {"inference", "training step"}, [](const GraphWork& w) {
      const Passes passes = w.passes();
      return interleave({passes.inference, passes.training}, budget);
    }));
  return panels;
}

/// Draws one chart and adds its numbers to the CSV file.
void save(const std::string& folder, const std::string& name, const std::string& title,
          const std::string& subtitle, std::vector<Panel> panels, std::ofstream& csv) {
  for (const auto& panel : panels)
    for (const auto& curve : panel.curves)
      for (std::size_t i = 0; i < panel.x.size(); ++i)
        csv << name << ",\"" << panel.label << "\"," << panel.x[i] << ",\"" << curve.name << "\","
            << curve.y[i] << '\n';
  const std::string path = folder + "/scaling_" + name + ".svg";
  const Chart chart(title, subtitle, "milliseconds", std::move(panels), 3);
  if (!chart.write(path)) throw std::runtime_error("cannot write " + path);
  std::printf("wrote %s\n", path.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "gsteer.bench.scaling FOLDER [SECONDS]\n");
    return 1;
  }
  if (argc > 2) budget = std::atof(argv[2]);
  gsteer::set_threads(1);
  set_onednn_threads(1);
  set_pytorch_threads(1);
  const std::string folder = argv[1];
  const std::string layer =
      "C_8, 16 -> 16 regular fields, 5x5, batch of 4 with 28x28 pixels, except for what the axis "
      "says";
  std::ofstream csv(folder + "/scaling.csv");
  csv << "chart,quantity,at,curve,milliseconds\n";
  save(folder, "inference", "Convolutions, inference, one thread", layer,
       grids(&Passes::inference, "oneDNN, dense", [](const auto& s) { return onednn(s); }), csv);
  save(folder, "training", "Convolutions, training step, one thread", layer,
       grids(&Passes::training, "PyTorch, dense", [](const auto& s) { return pytorch(s); }), csv);
  save(folder, "graphs", "Message passing, one thread",
       "32 channels of every l <= 2, 2000 edges, 100 nodes, except for what the axis says",
       graphs(), csv);
}
