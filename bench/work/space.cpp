// SPDX-License-Identifier: MIT
#include "gsteer/group/orthogonal.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/polyhedral.hpp"
#include "gsteer/representation/fields.hpp"
#include "work/convolution.hpp"

namespace bench {

using namespace gsteer;

namespace {

constexpr auto l0 = irrep<SO<3>, 0>;
constexpr auto l1 = irrep<SO<3>, 1>;
constexpr auto l2 = irrep<SO<3>, 2>;
constexpr auto l3 = irrep<SO<3>, 3>;
constexpr auto up_to_2 = 8 * l0 + 8 * l1 + 8 * l2;
constexpr auto turned = regular<octahedral>;

template <auto F, int Kernel>
Task set_up(std::string name) {
  return {std::move(name), 1, [] {
            Conv3d<F, F, Kernel> layer;
            initialize(layer, Rng{1});
          }};
}

}  // namespace

std::vector<GridWork> table_in_space() {
  return {convolution<up_to_2, 5>("SO(3) 8 (0 + 1 + 2) 5^3", 1, 24)};
}

std::vector<GridWork> choices_in_space() {
  return {convolution<up_to_2, 5>("SO(3) 8 (0 + 1 + 2) 5^3", 1, 24),
          convolution<2 * l0 + 2 * l1, 3>("SO(3) 2 (0 + 1) 3^3", 1, 24),
          convolution<l0, 4 * l0 + 4 * l1 + 4 * l2, 5>("SO(3) 0 -> 4 (0 + 1 + 2) 5^3", 1, 24),
          convolution<2 * turned, 3>("O 2 -> 2 regular 3^3", 1, 24)};
}

Scaling<GridWork> scaling_in_space() {
  return {"l_max: SO(3), 8 of every l, 5^3, 16^3 voxels",
          {0, 1, 2, 3},
          {convolution<8 * l0, 5>("", 1, 16), convolution<8 * l0 + 8 * l1, 5>("", 1, 16),
           convolution<up_to_2, 5>("", 1, 16),
           convolution<8 * l0 + 8 * l1 + 8 * l2 + 8 * l3, 5>("", 1, 16)},
          false};
}

std::vector<Task> set_ups_in_space() {
  return {set_up<up_to_2, 5>("layer SO(3) 8 (0 + 1 + 2) 5^3"),
          set_up<turned, 5>("layer O 1 -> 1 regular 5^3"),
          set_up<regular<icosahedral>, 3>("layer I 1 -> 1 regular 3^3")};
}

}  // namespace bench
