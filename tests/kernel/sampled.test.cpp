// SPDX-License-Identifier: MIT
#include "gsteer/kernel/sampled.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/dihedral.hpp"
#include "gsteer/group/orthogonal2.hpp"
#include "gsteer/kernel/basis.hpp"

using namespace gsteer;

namespace {

template <auto In, auto Out, class Scalar = double>
SampledKernels<Scalar> sampled(const kernel_profile& profile) {
  return SampledKernels<Scalar>(kernel_space_of<features_of<In>, features_of<Out>>(profile));
}

template <class Scalar>
std::vector<Scalar> random_numbers(int count, Rng& rng) {
  std::vector<Scalar> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(static_cast<Scalar>(rng.uniform(-1, 1)));
  return numbers;
}

template <class Scalar>
double dot(const std::vector<Scalar>& a, const std::vector<Scalar>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// Each basis element is scaled, and is what kernel_basis lists at its place, at the taps.
template <auto In, auto Out>
void check_elements(int size) {
  CAPTURE(features_of<In>::name(), features_of<Out>::name(), size);
  const auto kernels = sampled<In, Out>(kernel_size(size));
  const auto basis = kernel_basis<In, Out>(kernel_size(size));
  REQUIRE(kernels.size() == static_cast<int>(basis.size()));
  REQUIRE(kernels.taps() == size * size);
  std::vector<int> out_irrep;  // sizes, in the order of the coefficients
  const auto& space = kernels.space();
  for (const auto& block : space.blocks) {
    const auto& out = space.out[static_cast<std::size_t>(block.out_block)];
    const auto& in = space.in[static_cast<std::size_t>(block.in_block)];
    for (int pair = 0; pair < out.copies * in.copies; ++pair)
      for (const auto& slot : block.slots)
        out_irrep.insert(out_irrep.end(), static_cast<std::size_t>(slot.size),
                         out.irreps[static_cast<std::size_t>(slot.out_slot)].size);
  }
  REQUIRE(out_irrep.size() == basis.size());
  const int c_out = Out.size(), c_in = In.size();
  double norm = 0, order = 0;
  for (int i = 0; i < kernels.size(); ++i) {
    std::vector<double> unit(basis.size()),
        kernel(static_cast<std::size_t>(c_out * c_in * kernels.taps()), 7.0);
    unit[static_cast<std::size_t>(i)] = 1;
    kernels.expand(unit.data(), kernel.data());
    norm =
        std::max(norm, std::abs(dot(kernel, kernel) / out_irrep[static_cast<std::size_t>(i)] - 1));
    std::vector<double> listed(kernel.size());
    for (int row = 0; row < size; ++row)
      for (int col = 0; col < size; ++col) {
        const Eigen::MatrixXd k =
            basis[static_cast<std::size_t>(i)](Eigen::Vector2d(col - size / 2, size / 2 - row));
        for (int o = 0; o < c_out; ++o)
          for (int c = 0; c < c_in; ++c)
            listed[static_cast<std::size_t>(((o * c_in + c) * size + row) * size + col)] = k(o, c);
      }
    const double scale = std::sqrt(dot(kernel, kernel) / dot(listed, listed));
    for (std::size_t j = 0; j < kernel.size(); ++j)
      order = std::max(order, std::abs(kernel[j] - scale * listed[j]));
  }
  CHECK(norm < 1e-12);
  CHECK(order < 1e-12);
}

}  // namespace

TEST_CASE("elements are normalized, (1/d) sum |K|^2 = 1, and in the order of kernel_basis") {
  check_elements<trivial<C<8>>, regular<C<8>>>(5);
  check_elements<regular<C<4>>, regular<C<4>>>(3);
  check_elements<regular<C<8>>, irrep<C<8>, 3>>(7);
  check_elements<2 * trivial<D<4>> + irrep<D<4>, 1, 1>, 2 * irrep<D<4>, 1, 1> + regular<D<4>>>(5);
  check_elements<irrep<O<2>, 1, 1>, irrep<O<2>, 1, 0> + 2 * irrep<O<2>, 1, 2> + trivial<O<2>>>(5);
  check_elements<irrep<SO<2>, 1>, band_limited<SO<2>, 2>>(9);
}

TEMPLATE_TEST_CASE("expand is linear and adjoint its adjoint", "", float, double) {
  using Scalar = TestType;
  constexpr auto in = 3 * regular<C<8>> + 2 * trivial<C<8>>;
  constexpr auto out = 2 * regular<C<8>> + irrep<C<8>, 1>;
  const auto kernels = sampled<in, out, Scalar>(kernel_size(5));
  const int size = in.size() * out.size() * kernels.taps();
  const double tolerance = std::is_same_v<Scalar, float> ? 1e-5 : 1e-13;
  Rng rng(3);
  const auto a = random_numbers<Scalar>(kernels.size(), rng),
             b = random_numbers<Scalar>(kernels.size(), rng);
  const auto gradient = random_numbers<Scalar>(size, rng);
  std::vector<Scalar> kernel_a(gradient.size()), kernel_b(gradient.size()),
      kernel_sum(gradient.size()), sum(a.size());
  kernels.expand(a.data(), kernel_a.data());
  kernels.expand(b.data(), kernel_b.data());
  for (std::size_t i = 0; i < a.size(); ++i) sum[i] = a[i] + 2 * b[i];
  kernels.expand(sum.data(), kernel_sum.data());
  double linear = 0;
  for (std::size_t i = 0; i < kernel_a.size(); ++i)
    linear = std::max(linear,
                      std::abs(static_cast<double>(kernel_sum[i] - kernel_a[i] - 2 * kernel_b[i])));
  CHECK(linear < 10 * tolerance);

  std::vector<Scalar> back(a.size());
  kernels.adjoint(gradient.data(), back.data());
  const double left = dot(kernel_a, gradient), right = dot(a, back);
  CHECK(std::abs(left - right) <
        tolerance * std::sqrt(dot(kernel_a, kernel_a) * dot(gradient, gradient)));

  auto twice = back;  // adds
  kernels.adjoint(gradient.data(), twice.data());
  double adds = 0;
  for (std::size_t i = 0; i < back.size(); ++i)
    adds = std::max(adds, std::abs(static_cast<double>(twice[i] - 2 * back[i])));
  CHECK(adds < 100 * tolerance);
}

TEST_CASE("kernels and gradients do not depend on the number of threads") {
  constexpr auto field = 3 * regular<D<4>>;
  const auto kernels = sampled<field, field>(kernel_size(5));
  Rng rng(5);
  const auto coefficients = random_numbers<double>(kernels.size(), rng);
  std::vector<std::vector<double>> expanded, gradients;
  for (const int count : {1, 2, 5}) {
    set_threads(count);
    auto& kernel =
        expanded.emplace_back(static_cast<std::size_t>(field.size() * field.size() * 25));
    kernels.expand(coefficients.data(), kernel.data());
    kernels.adjoint(kernel.data(), gradients.emplace_back(coefficients.size()).data());
  }
  set_threads(0);
  CHECK(expanded[0] == expanded[1]);
  CHECK(expanded[0] == expanded[2]);
  CHECK(gradients[0] == gradients[1]);
  CHECK(gradients[0] == gradients[2]);
}

TEST_CASE("where no kernel exists, the dense one is zero") {
  const auto none = sampled<trivial<O<2>>, irrep<O<2>, 1, 0>>(kernel_size(5));
  CHECK(none.size() == 0);
  std::vector<double> kernel(25, 1.0);
  none.expand(nullptr, kernel.data());
  CHECK(kernel == std::vector<double>(25));
  // In a sum the block stays zero, too.
  const auto some =
      sampled<irrep<O<2>, 0, 0> + irrep<O<2>, 1, 0>, irrep<O<2>, 1, 0>>(kernel_size(3));
  REQUIRE(some.size() == 2);
  const double w[] = {1, 1};
  std::vector<double> both(18, 1.0);
  some.expand(w, both.data());
  CHECK(std::vector<double>(both.begin(), both.begin() + 9) == std::vector<double>(9));
  CHECK(both[9 + 4] != 0);
}

TEST_CASE("a harmonic that vanishes on the grid is refused") {
  // sin 4 phi is zero on the eight neighbors of the center, and sin 2 phi on four of them.
  using Catch::Matchers::ContainsSubstring;
  const auto ring = kernel_size(3).with_rings({{1.0, 0.2, 4}});
  CHECK_THROWS_WITH((sampled<trivial<D<4>>, irrep<D<4>, 1, 0>>(ring)),
                    ContainsSubstring("harmonics of degree 4 on the ring of radius 1 vanish on a "
                                      "grid of 3 taps along each axis"));
  CHECK_THROWS_AS((sampled<trivial<C<4>>, trivial<C<4>>>(ring)), Error);
  CHECK_THROWS_AS(
      (sampled<trivial<C<2>>, trivial<C<2>>>(kernel_size(3).with_rings({{0.0, 0.005, 2}}))), Error);
  CHECK_NOTHROW(sampled<trivial<C<4>>, trivial<C<4>>>(kernel_size(9)));
}
