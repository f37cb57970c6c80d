// SPDX-License-Identifier: MIT
#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/representation/features.hpp"

using namespace gsteer;

namespace {

/// Elements written with any numbers are the ones in [0, N) that they stand for.
template <class G, class Shift>
void check_representatives(Shift shift) {
  INFO(G::name());
  for (int i = 0; i < G::order; ++i)
    for (int times = -2; times <= 2; ++times) {
      const auto g = G::element_at(i), other = shift(g, times);
      CHECK(g == other);
      CHECK(G::index_of(other) == i);
      CHECK(G::inverse(other) == G::inverse(g));
      CHECK(G::index_of(G::inverse(other) * other) == 0);
      CHECK(G::action(other) == G::action(g));
      CHECK(representation_matrix<regular<G{}>>(other) == representation_matrix<regular<G{}>>(g));
      for (int j = 0; j < G::order; ++j) {
        const auto h = G::element_at(j);
        CHECK(G::index_of(other * h) == G::index_of(g * h));
        CHECK(G::index_of(h * other) == G::index_of(h * g));
        CHECK((h == other) == (i == j));
      }
    }
}

template <int N>
void check_both() {
  check_representatives<cyclic<N>>(
      [](auto g, int times) { return typename cyclic<N>::element{g.turns + times * N}; });
  check_representatives<dihedral<N>>([](auto g, int times) {
    return typename dihedral<N>::element{g.flip + 2 * times, g.turns - times * N};
  });
}

}  // namespace

TEST_CASE("elements of C_N and D_N may be written with any number of turns") {
  check_both<1>();
  check_both<2>();
  check_both<3>();
  check_both<8>();
}
