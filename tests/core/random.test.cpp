// SPDX-License-Identifier: MIT
#include "gsteer/core/random.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "catch.hpp"

using gsteer::Error;
using gsteer::Rng;

TEST_CASE("the numbers are those of xoshiro256++ seeded by SplitMix64") {
  // The state {1, 2, 3, 4} is the test vector of the rand crate; the seeds were run through an
  // implementation in Python.
  Rng rng(0);
  rng.restore({1, 2, 3, 4});
  for (const std::uint64_t expected :
       {std::uint64_t{41943041}, std::uint64_t{58720359}, 3588806011781223u, 3591011842654386u,
        9228616714210784205u, 9973669472204895162u, 14011001112246962877u, 12406186145184390807u})
    CHECK(rng() == expected);
  CHECK(Rng(1234567).state()[0] == 6457827717110365317u);
  CHECK(Rng(1234567).state()[2] == 9817491932198370423u);
  Rng zero(0), answer(42), last(~std::uint64_t{0});
  for (const std::uint64_t expected :
       {0x53175d61490b23dfu, 0x61da6f3dc380d507u, 0x5c0fdf91ec9a7bfcu})
    CHECK(zero() == expected);
  for (const std::uint64_t expected :
       {0xd0764d4f4476689fu, 0x519e4174576f3791u, 0xfbe07cfb0c24ed8cu})
    CHECK(answer() == expected);
  CHECK(last() == 0x56ccf8ce948e27b2u);
  CHECK(Rng(42).uniform() == static_cast<double>(0xd0764d4f4476689fu >> 11) / 9007199254740992.0);
}

TEST_CASE("uniform and normal numbers have the moments of their distributions") {
  Rng rng(7);
  constexpr int n = 200'000;
  std::array<double, 5> uniform{}, normal{};
  double low = 1, high = 0;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform(), z = rng.normal();
    low = std::min(low, u);
    high = std::max(high, u);
    for (int p = 1; p <= 4; ++p) {
      uniform[static_cast<std::size_t>(p)] += std::pow(u, p) / n;
      normal[static_cast<std::size_t>(p)] += std::pow(z, p) / n;
    }
  }
  CHECK(low >= 0);
  CHECK(low < 1e-3);
  CHECK(high < 1);
  CHECK(high > 1 - 1e-3);
  // The margins are five standard deviations: sqrt((E x^2p - (E x^p)^2) / n).
  const double sigma = 5 / std::sqrt(double{n});
  for (int p = 1; p <= 4; ++p) {
    const double expected = 1.0 / (p + 1);
    CHECK(std::abs(uniform[static_cast<std::size_t>(p)] - expected) <
          sigma * std::sqrt(1.0 / (2 * p + 1) - expected * expected));
  }
  CHECK(std::abs(normal[1]) < sigma);
  CHECK(std::abs(normal[2] - 1) < sigma * std::sqrt(2.0));
  CHECK(std::abs(normal[3]) < sigma * std::sqrt(15.0));
  CHECK(std::abs(normal[4] - 3) < sigma * std::sqrt(96.0));
}

TEST_CASE("uniform numbers of an interval stay in it") {
  Rng rng(3);
  for (int i = 0; i < 1000; ++i) {
    const double x = rng.uniform(-2, 5);
    CHECK((x >= -2 && x < 5));
  }
}

TEST_CASE("below is unbiased") {
  Rng rng(11);
  constexpr int n = 60'000, sides = 6;
  std::array<int, sides> seen{};
  for (int i = 0; i < n; ++i) ++seen.at(static_cast<std::size_t>(rng.below(sides)));
  double chi_squared = 0;
  for (const int count : seen) chi_squared += std::pow(count - n / sides, 2) / (n / sides);
  CHECK(chi_squared < 20.5);  // 5 degrees of freedom: exceeded once in a thousand seeds
  for (int i = 0; i < 100; ++i) CHECK(rng.below(1) == 0);
  for (int i = 0; i < 100; ++i) CHECK(rng.below(2'147'483'647) >= 0);
  CHECK_THROWS_AS(rng.below(0), Error);
  CHECK_THROWS_AS(rng.below(-1), Error);
}

TEST_CASE("a restored state gives the same numbers, also in the middle of normal ones") {
  Rng rng(5);
  rng.normal();
  const auto state = rng.state();
  const double first = rng.normal(), second = rng.uniform();
  Rng other(99);
  other.restore(state);
  CHECK(other.normal() == first);
  CHECK(other.uniform() == second);
  CHECK_THROWS_AS(other.restore({}), Error);
}

TEST_CASE("a generator that was split off does not depend on what the rest draws later") {
  Rng a(1), b(1);
  Rng part = a.split(), same = b.split();
  a();
  for (int i = 0; i < 10; ++i) CHECK(part() == same());
  CHECK(part() != a());
  CHECK(Rng(1)() != Rng(2)());
}
