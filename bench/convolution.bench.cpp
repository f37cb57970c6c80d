// SPDX-License-Identifier: MIT
// Convolutions of pictures.
#include "convolve.hpp"

int main(int argc, char** argv) {
  using namespace gsteer;
  constexpr auto r8 = regular<C<8>>;
  bench::add<16 * r8, 16 * r8, 5>("C_8 16 -> 16 regular 5x5", 16, 28);
  bench::add<16 * r8, 16 * r8, 3>("C_8 16 -> 16 regular 3x3", 16, 28);
  bench::add<32 * r8, 32 * r8, 5>("C_8 32 -> 32 regular 5x5", 8, 28);
  bench::add<8 * regular<C<16>>, 8 * regular<C<16>>, 5>("C_16 8 -> 8 regular 5x5", 16, 28);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
