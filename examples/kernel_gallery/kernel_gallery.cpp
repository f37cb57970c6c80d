// SPDX-License-Identifier: MIT
// Draws bases of steerable kernels, one picture for each pair of fields. The overview of the README
// is made by
//   build/examples/kernel_gallery --only overview --output docs/images
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <gsteer/group/cyclic.hpp>
#include <gsteer/group/dihedral.hpp>
#include <gsteer/group/orthogonal2.hpp>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "drawing.hpp"
#include "overview.hpp"

using namespace gsteer;
using gallery::Exhibit;
using gallery::make_exhibit;

namespace {

/// Kept apart from its name, so that only what is wanted is computed.
struct Entry {
  std::string name;
  std::function<Exhibit(std::string)> make;
};

const std::vector<Entry> entries{
    {"so2_trivial_irrep0", make_exhibit<trivial<SO<2>>, irrep<SO<2>, 0>, 7>},
    {"so2_trivial_irrep1", make_exhibit<trivial<SO<2>>, irrep<SO<2>, 1>, 7>},
    {"so2_trivial_irrep2", make_exhibit<trivial<SO<2>>, irrep<SO<2>, 2>, 7>},
    {"so2_trivial_irrep3", make_exhibit<trivial<SO<2>>, irrep<SO<2>, 3>, 7>},
    {"so2_irrep1_irrep1", make_exhibit<irrep<SO<2>, 1>, irrep<SO<2>, 1>, 5>},
    {"o2_vector_pseudoscalar", make_exhibit<irrep<O<2>, 1, 1>, irrep<O<2>, 1, 0>, 7>},
    {"c8_trivial_regular", make_exhibit<trivial<C<8>>, regular<C<8>>, 5>},
    {"c4_regular_regular", make_exhibit<regular<C<4>>, regular<C<4>>, 3>},
    {"d4_trivial_regular", make_exhibit<trivial<D<4>>, regular<D<4>>, 5>},
    {"d4_scalar_pseudoscalar", make_exhibit<irrep<D<4>, 0, 0>, irrep<D<4>, 1, 0>, 9>},
};

Exhibit exhibit_of(const std::string& name) {
  for (const auto& entry : entries)
    if (entry.name == name) return entry.make(name);
  throw Error("there is no exhibit " + name);
}

}  // namespace

int main(int argc, char** argv) try {
  std::filesystem::path output = ".";
  std::string only;
  int pixels = 80;
  std::set<std::string> names{"overview"};
  for (const auto& entry : entries) names.insert(entry.name);

  CLI::App app("Draws bases of equivariant kernels: red positive, blue negative, white 0.");
  app.add_option("--output", output, "folder for the pictures")->capture_default_str();
  app.add_option("--only", only, "draw one picture")->check(CLI::IsMember(names));
  app.add_option("--pixels", pixels,
                 "width of one component of a kernel; the overview has a fixed size")
      ->check(CLI::Range(16, 512))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  std::filesystem::create_directories(output);
  for (const auto& entry : entries) {
    if (!only.empty() && only != entry.name) continue;
    const Exhibit exhibit = entry.make(entry.name);
    const auto file = output / (entry.name + ".png");
    gallery::draw_exhibit(exhibit, pixels).write_png(file.string());
    std::cout << file.string() << ": " << exhibit.title << ", dimension " << exhibit.kernels.size()
              << '\n';
  }
  if (only.empty() || only == "overview") {
    const auto file = output / "kernel_gallery.png";
    gallery::draw_overview(exhibit_of).write_png(file.string());
    std::cout << file.string() << ": overview\n";
  }
} catch (const std::exception& e) {
  std::cerr << "kernel_gallery: " << e.what() << '\n';
  return 1;
}
