// SPDX-License-Identifier: MIT
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/representation/fields.hpp"
#include "work/convolution.hpp"

namespace bench {

using namespace gsteer;

namespace {

constexpr auto r4 = regular<C<4>>;
constexpr auto r8 = regular<C<8>>;
constexpr auto r16 = regular<C<16>>;
constexpr auto waves = irrep<SO<2>, 0> + irrep<SO<2>, 1> + irrep<SO<2>, 2> + irrep<SO<2>, 3>;

}  // namespace

std::vector<GridWork> table_in_the_plane() {
  return {convolution<16 * r8, 5>("C_8 16 -> 16 regular 5x5", 16, 28),
          convolution<32 * r8, 5>("C_8 32 -> 32 regular 5x5", 8, 28),
          convolution<8 * r16, 5>("C_16 8 -> 8 regular 5x5", 16, 28),
          convolution<16 * r8, 3>("C_8 16 -> 16 regular 3x3", 16, 28)};
}

std::vector<GridWork> choices_in_the_plane() {
  return {convolution<16 * r8, 5>("C_8 16 -> 16 regular 5x5", 16, 28),
          convolution<16 * r8, 3>("C_8 16 -> 16 regular 3x3", 16, 28),
          convolution<1 * r8, 5>("C_8 1 -> 1 regular 5x5", 16, 28),
          convolution<4 * r8, 3>("C_8 4 -> 4 regular 3x3", 16, 28),
          convolution<1 * trivial<C<8>>, 16 * r8, 7>("C_8 trivial -> 16 regular 7x7", 16, 28),
          convolution<32 * trivial<C<8>>, 5>("C_8 32 -> 32 trivial 5x5", 16, 28),
          convolution<16 * r8, 5>("C_8 16 -> 16 regular 5x5, stride 2", 16, 29, 2),
          convolution<16 * r4, 3>("C_4 16 -> 16 regular 3x3", 16, 28),
          convolution<32 * r4, 5>("C_4 32 -> 32 regular 5x5", 8, 28),
          convolution<8 * regular<D<4>>, 5>("D_4 8 -> 8 regular 5x5", 16, 28),
          convolution<8 * waves, 5>("SO(2) 8 (0 + 1 + 2 + 3) 5x5", 16, 28),
          convolution<2 * waves, 3>("SO(2) 2 (0 + 1 + 2 + 3) 3x3", 16, 28)};
}

std::vector<Scaling<GridWork>> scalings_in_the_plane() {
  const auto on = [](int size) { return convolution<16 * r8, 5>("", 4, size); };
  return {
      {"fields of C_8, in and out",
       {1, 2, 4, 8, 16, 32, 64},
       {convolution<1 * r8, 5>("", 4, 28), convolution<2 * r8, 5>("", 4, 28),
        convolution<4 * r8, 5>("", 4, 28), convolution<8 * r8, 5>("", 4, 28),
        convolution<16 * r8, 5>("", 4, 28), convolution<32 * r8, 5>("", 4, 28),
        convolution<64 * r8, 5>("", 4, 28)}},
      {"kernel size",
       {3, 5, 7, 9, 11},
       {convolution<16 * r8, 3>("", 4, 28), convolution<16 * r8, 5>("", 4, 28),
        convolution<16 * r8, 7>("", 4, 28), convolution<16 * r8, 9>("", 4, 28),
        convolution<16 * r8, 11>("", 4, 28)}},
      {"order N of the group C_N",
       {2, 4, 8, 16, 32},
       {convolution<16 * regular<C<2>>, 5>("", 4, 28), convolution<16 * r4, 5>("", 4, 28),
        convolution<16 * r8, 5>("", 4, 28), convolution<16 * r16, 5>("", 4, 28),
        convolution<16 * regular<C<32>>, 5>("", 4, 28)}},
      {"pixels along each axis", {7, 14, 28, 56, 112}, {on(7), on(14), on(28), on(56), on(112)}}};
}

Task set_up_in_the_plane() {
  return {"layer C_8 32 -> 32 regular 5x5", 1, [] {
            Conv2d<32 * r8, 32 * r8, 5> layer;
            initialize(layer, Rng{1});
          }};
}

}  // namespace bench
