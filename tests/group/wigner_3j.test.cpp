// SPDX-License-Identifier: MIT
#include "gsteer/group/wigner_3j.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "catch.hpp"
#include "gsteer/io/safetensors.hpp"

using namespace gsteer;

namespace {

/// Calls visit(l1, l2, l3) for all triangles up to `limit`.
template <class Visit>
void for_each_triangle(int limit, Visit&& visit) {
  for (int l1 = 0; l1 <= limit; ++l1)
    for (int l2 = 0; l2 <= limit; ++l2)
      for (int l3 = std::abs(l1 - l2); l3 <= std::min(l1 + l2, limit); ++l3) visit(l1, l2, l3);
}

/// The largest entry of  sum over i, j of a(i, j, k) b(i, j, k') - expected delta(k, k').
double off_orthogonality(const invariant_tensor& a, const invariant_tensor& b, double expected) {
  double worst = 0;
  for (int k = 0; k < a.sizes[2]; ++k)
    for (int q = 0; q < b.sizes[2]; ++q) {
      double sum = 0;
      for (int i = 0; i < a.sizes[0]; ++i)
        for (int j = 0; j < a.sizes[1]; ++j) sum += a(i, j, k) * b(i, j, q);
      worst = std::max(worst, std::abs(sum - (k == q ? expected : 0)));
    }
  return worst;
}

}  // namespace

TEST_CASE("triangles") {
  STATIC_REQUIRE(is_triangle(0, 0, 0));
  STATIC_REQUIRE(is_triangle(1, 2, 3));
  STATIC_REQUIRE(is_triangle(2, 2, 1));
  STATIC_REQUIRE(!is_triangle(1, 2, 4));
  STATIC_REQUIRE(!is_triangle(0, 1, 0));
  STATIC_REQUIRE(!is_triangle(-1, 1, 1));
  CHECK_THROWS_AS(wigner_3j(1, 1, 3), Error);
  CHECK_THROWS_AS(wigner_3j(-1, -1, 0), Error);
  // l1 x l2 holds 2 min + 1 irreps.
  int count = 0;
  for (int l = 0; l < 20; ++l) count += is_triangle(3, 5, l);
  CHECK(count == 7);
}

TEST_CASE("the values that pin the convention down") {
  const auto cross = wigner_3j(1, 1, 1);  // epsilon / sqrt 6
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k)
        CHECK(cross(i, j, k) ==
              Approx((i - j) * (j - k) * (k - i) / 2.0 / std::sqrt(6.0)).margin(1e-15));
  const auto t = wigner_3j(1, 1, 2);
  const double a = 1 / std::sqrt(10.0), b = 1 / std::sqrt(30.0);
  CHECK(t(0, 2, 0) == Approx(a).margin(1e-15));
  CHECK(t(0, 1, 1) == Approx(a).margin(1e-15));
  CHECK(t(1, 1, 2) == Approx(2 * b).margin(1e-15));
  CHECK(t(0, 0, 2) == Approx(-b).margin(1e-15));
  CHECK(t(2, 2, 2) == Approx(-b).margin(1e-15));
  CHECK(t(1, 2, 3) == Approx(a).margin(1e-15));
  CHECK(t(2, 2, 4) == Approx(a).margin(1e-15));
  CHECK(t(0, 0, 4) == Approx(-a).margin(1e-15));
  for (int l = 0; l <= 12; ++l) {
    const auto right = wigner_3j(l, l, 0), left = wigner_3j(0, l, l);
    for (int i = 0; i <= 2 * l; ++i)
      for (int j = 0; j <= 2 * l; ++j) {
        const double expected = i == j ? 1 / std::sqrt(2 * l + 1.0) : 0;
        CHECK(right(i, j, 0) == Approx(expected).margin(1e-15));
        CHECK(left(0, i, j) == Approx(expected).margin(1e-15));
      }
  }
  // <l1 0 l2 0 | l3 0> has the sign i^(l1 + l2 - l3), which the phases of the real basis cancel.
  for_each_triangle(12, [](int l1, int l2, int l3) {
    const double center = wigner_3j(l1, l2, l3)(l1, l2, l3);
    if ((l1 + l2 + l3) % 2 == 0)
      CHECK(center > 1e-3);
    else
      CHECK(std::abs(center) < 1e-15);
  });
}

TEST_CASE("those of e3nn, signs included") {
  const auto file =
      read_safetensors(std::string(GSTEER_TEST_DATA) + "/golden/e3nn_wigner_3j.safetensors");
  CHECK(file.tensors.size() == 34);
  double worst = 0;
  std::size_t tried = 0;
  for_each_triangle(3, [&](int l1, int l2, int l3) {
    const std::string key =
        std::to_string(l1) + "," + std::to_string(l2) + "," + std::to_string(l3);
    const auto ours = wigner_3j(l1, l2, l3);
    const auto theirs = file.values<double>(key, {2 * l1 + 1, 2 * l2 + 1, 2 * l3 + 1});
    for (std::size_t i = 0; i < theirs.size(); ++i)
      worst = std::max(worst, std::abs(theirs[i] - ours.values[i]));
    ++tried;
  });
  CHECK(tried == file.tensors.size());
  CHECK(worst < 1e-12);
}

TEST_CASE("Clebsch-Gordan tensors are orthogonal, of norm 1") {
  double worst = 0, worst_norm = 0;
  for (int l1 = 0; l1 <= 12; l1 += l1 < 4 ? 1 : 4)
    for (int l2 = 0; l2 <= 12; l2 += l2 < 4 ? 1 : 4)
      for (int l3 = std::abs(l1 - l2); l3 <= l1 + l2; ++l3) {
        const auto t = wigner_3j(l1, l2, l3);
        double square = 0;
        for (const double value : t.values) square += value * value;
        worst_norm = std::max(worst_norm, std::abs(square - 1));
        worst = std::max(worst, off_orthogonality(t, t, 1.0 / (2 * l3 + 1)));
        if (l3 < l1 + l2)
          worst = std::max(worst, off_orthogonality(t, wigner_3j(l1, l2, l3 + 1), 0));
      }
  CHECK(worst < 1e-14);
  CHECK(worst_norm < 1e-13);
  auto wrong = wigner_3j(2, 3, 4);
  wrong(1, 1, 1) += 1e-6;
  CHECK(off_orthogonality(wrong, wrong, 1.0 / 9) > 1e-9);
}

TEST_CASE("cyclic permutations change nothing, swaps multiply by (-1)^(l1 + l2 + l3)") {
  double worst = 0, worst_without_sign = 0;
  for_each_triangle(7, [&](int l1, int l2, int l3) {
    const auto t = wigner_3j(l1, l2, l3), turned = wigner_3j(l2, l3, l1),
               swapped = wigner_3j(l2, l1, l3);
    const double sign = (l1 + l2 + l3) % 2 == 0 ? 1 : -1;
    for (int i = 0; i < t.sizes[0]; ++i)
      for (int j = 0; j < t.sizes[1]; ++j)
        for (int k = 0; k < t.sizes[2]; ++k) {
          worst = std::max(worst, std::abs(t(i, j, k) - turned(j, k, i)));
          worst = std::max(worst, std::abs(t(i, j, k) - sign * swapped(j, i, k)));
          worst_without_sign =
              std::max(worst_without_sign, std::abs(t(i, j, k) - swapped(j, i, k)));
        }
  });
  CHECK(worst < 1e-14);
  CHECK(worst_without_sign > 0.1);
}
