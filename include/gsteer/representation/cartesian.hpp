// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include "gsteer/representation/irreps.hpp"

namespace gsteer {
namespace detail {

/// The signed permutations of indices that a formula like "ijk=jik=-ikj" makes: the group that its
/// equations generate. A tensor of the formula obeys T(indices) = sign T(permuted indices) for
/// each.
class index_symmetry {
 public:
  static constexpr int max_rank = 6;
  using permutation = std::array<signed char, max_rank>;

  struct element {
    permutation to{};  ///< place i of the left side stands at to[i] of the right side
    int sign = 1;
  };

  constexpr explicit index_symmetry(std::string_view formula) { read(formula); }

  constexpr bool is_readable() const { return readable_; }
  constexpr int rank() const { return rank_; }
  constexpr const element* begin() const { return elements_.data(); }
  constexpr const element* end() const { return elements_.data() + count_; }
  constexpr int order() const { return count_; }

 private:
  static constexpr std::size_t at(int i) { return static_cast<std::size_t>(i); }

  /// Where a letter stands first in a text; its size if nowhere. (string_view::find is no constant
  /// expression to g++ 12 with -fsanitize=undefined.)
  static constexpr std::size_t position(char letter, std::string_view text) {
    std::size_t i = 0;
    while (i < text.size() && text[i] != letter) ++i;
    return i;
  }

  constexpr void read(std::string_view text) {
    const std::string_view first = text.substr(0, position('=', text));
    rank_ = static_cast<int>(first.size());
    if (rank_ < 1 || rank_ > max_rank) return;
    for (int i = 0; i < rank_; ++i)
      if (first[at(i)] < 'a' || first[at(i)] > 'z' ||
          position(first[at(i)], first.substr(0, at(i))) < at(i))
        return;
    element identity;
    for (int i = 0; i < rank_; ++i) identity.to[at(i)] = static_cast<signed char>(i);
    elements_[0] = identity;
    count_ = 1;
    std::array<element, 32> generators{};
    int generator_count = 0;
    for (auto rest = text.substr(first.size()); !rest.empty();) {
      rest.remove_prefix(1);  // =
      element next;
      if (!rest.empty() && rest.front() == '-') {
        next.sign = -1;
        rest.remove_prefix(1);
      }
      const auto part = rest.substr(0, position('=', rest));
      rest.remove_prefix(part.size());
      if (part.size() != first.size() || generator_count == 32) return;
      for (int i = 0; i < rank_; ++i) {
        const auto place = position(first[at(i)], part);
        if (place == part.size()) return;
        next.to[at(i)] = static_cast<signed char>(place);
      }
      generators[at(generator_count++)] = next;
    }
    close(generators, generator_count);
    readable_ = true;
  }

  /// All products of the generators, each element once.
  constexpr void close(const std::array<element, 32>& generators, int generator_count) {
    std::array<bool, 2 * 720> known{};
    known[number(elements_[0])] = true;
    for (int e = 0; e < count_; ++e)
      for (int g = 0; g < generator_count; ++g) {
        element product{{}, elements_[at(e)].sign * generators[at(g)].sign};
        for (int i = 0; i < rank_; ++i)
          product.to[at(i)] = generators[at(g)].to[at(elements_[at(e)].to[at(i)])];
        if (known[number(product)]) continue;
        known[number(product)] = true;
        elements_[at(count_++)] = product;
      }
  }

  /// The number of an element: its permutation's in lexicographic order, and its sign.
  constexpr std::size_t number(const element& e) const {
    int n = 0;
    for (int i = 0; i < rank_; ++i) {
      int smaller = 0;
      for (int j = i + 1; j < rank_; ++j) smaller += e.to[at(j)] < e.to[at(i)] ? 1 : 0;
      n = n * (rank_ - i) + smaller;
    }
    return at(2 * n + (e.sign < 0 ? 1 : 0));
  }

  int rank_ = 0, count_ = 0;
  bool readable_ = false;
  std::array<element, 2 * 720> elements_{};
};

/// How often each weight -rank ... rank of SO(3) occurs among the tensors of a symmetry: the trace
/// of the projection on them, which is
///   (1 / order) sum over elements of sign, times the product over cycles of (q^-n + 1 + q^n),
/// n the length of the cycle, sorted by powers of q.
constexpr std::array<int, 2 * index_symmetry::max_rank + 1> weight_multiplicities(
    const index_symmetry& symmetry) {
  constexpr int middle = index_symmetry::max_rank;
  std::array<int, 2 * middle + 1> total{};
  for (const auto& element : symmetry) {
    std::array<int, 2 * middle + 1> product{};
    product[middle] = element.sign;
    std::array<bool, middle> seen{};
    for (int i = 0; i < symmetry.rank(); ++i) {
      int length = 0;
      for (int j = i; !seen[static_cast<std::size_t>(j)];
           j = element.to[static_cast<std::size_t>(j)], ++length)
        seen[static_cast<std::size_t>(j)] = true;
      if (length == 0) continue;
      std::array<int, 2 * middle + 1> next{};
      for (int m = 0; m <= 2 * middle; ++m)
        for (const int shift : {-length, 0, length})
          if (m + shift >= 0 && m + shift <= 2 * middle)
            next[static_cast<std::size_t>(m + shift)] += product[static_cast<std::size_t>(m)];
      product = next;
    }
    for (std::size_t m = 0; m < total.size(); ++m) total[m] += product[m];
  }
  for (int& count : total) count /= symmetry.order();
  return total;
}

/// An orthonormal basis, one tensor a column, of the tensors of a symmetry; rows are the components
/// of a tensor, the last index fastest. Each is the signed sum over one orbit of components.
[[gnu::cold]] inline Eigen::MatrixXd symmetric_tensors(const index_symmetry& symmetry, int size) {
  const int rank = symmetry.rank();
  int count = 1;
  for (int i = 0; i < rank; ++i) count *= 3;
  Eigen::MatrixXd basis = Eigen::MatrixXd::Zero(count, size);
  std::array<bool, 729> seen{};
  int column = 0;
  for (int t = 0; t < count; ++t) {
    if (seen[static_cast<std::size_t>(t)]) continue;
    std::array<int, index_symmetry::max_rank> index{};
    for (int i = rank, rest = t; i-- > 0; rest /= 3) index[static_cast<std::size_t>(i)] = rest % 3;
    std::array<int, 729> sum{};
    for (const auto& element : symmetry) {
      std::array<int, index_symmetry::max_rank> moved{};
      for (int i = 0; i < rank; ++i)
        moved[static_cast<std::size_t>(element.to[static_cast<std::size_t>(i)])] =
            index[static_cast<std::size_t>(i)];
      int place = 0;
      for (int i = 0; i < rank; ++i) place = 3 * place + moved[static_cast<std::size_t>(i)];
      seen[static_cast<std::size_t>(place)] = true;
      sum[static_cast<std::size_t>(place)] += element.sign;
    }
    double square = 0;
    for (const int v : sum) square += v * v;
    if (square == 0) continue;  // the symmetry makes these components zero
    for (int row = 0; row < count; ++row)
      basis(row, column) = sum[static_cast<std::size_t>(row)] / std::sqrt(square);
    ++column;
  }
  return basis;
}

}  // namespace detail

/// Cartesian tensors whose indices obey a formula: "ij=ji" symmetric matrices, "ij=-ji"
/// antisymmetric ones, "ijkl=jikl=klij" those of elasticity. All indices are vectors, 1o; up to six
/// of them. It is a field like any other: content() lists its irreps, change_of_basis<...>() takes
/// it apart. The channels are coefficients in the basis of cartesian_basis.
template <detail::fixed_string Formula>
struct cartesian_of {
  static constexpr detail::index_symmetry symmetry{Formula.view()};
  static_assert(
      symmetry.is_readable(),
      "gsteer: cartesian<...>: expected up to six different letters, and after each = the "
      "same letters in another order, as in \"ij=-ji\" or \"ijkl=jikl=klij\"");

  using group = orthogonal<3>;
  static constexpr matrix_kind kind = matrix_kind::orthogonal;

  /// l occurs as often as weight l occurs more often than weight l + 1.
  static constexpr irrep_content content() {
    constexpr int middle = detail::index_symmetry::max_rank;
    const auto weights = detail::weight_multiplicities(symmetry);
    irrep_content all;
    for (int l = 0; l <= symmetry.rank(); ++l) {
      const int higher = l < middle ? weights[static_cast<std::size_t>(middle + l + 1)] : 0;
      all.add({symmetry.rank() % 2, l}, weights[static_cast<std::size_t>(middle + l)] - higher);
    }
    return all;
  }
  static constexpr int size = content_size<group>(content());
  static_assert(!symmetry.is_readable() || size > 0,
                "gsteer: cartesian<...>: only the tensor zero obeys this formula");

  /// Orthonormal, 3^rank x size.
  static const Eigen::MatrixXd& basis() {
    static const Eigen::MatrixXd tensors = detail::symmetric_tensors(symmetry, size);
    return tensors;
  }

  /// B^T (g (x) ... (x) g) B, one index of the tensors after the other.
  static Eigen::MatrixXd matrix(const group::element& g) {
    const Eigen::MatrixXd a = group::action(g);
    Eigen::MatrixXd turned = basis();
    const auto count = static_cast<int>(turned.rows());
    for (int stride = 1; stride < count; stride *= 3)
      for (int column = 0; column < size; ++column)
        for (int t = 0; t < count; ++t) {
          if (t / stride % 3 != 0) continue;
          const double v[] = {turned(t, column), turned(t + stride, column),
                              turned(t + 2 * stride, column)};
          for (int i = 0; i < 3; ++i)
            turned(t + i * stride, column) = a(i, 0) * v[0] + a(i, 1) * v[1] + a(i, 2) * v[2];
        }
    return detail::product(basis().transpose(), turned);
  }
  static std::string name() { return std::string("tensor ").append(Formula.view()); }
};

/// The tensors of a formula as a representation: cartesian<"ij=ji"> has 6 channels, 0e + 2e.
template <detail::fixed_string Formula>
inline constexpr representation<cartesian_of<Formula>> cartesian{{1}};

/// The tensors that the channels of cartesian<Formula> are coefficients of: orthonormal columns, 3
/// to the power of the rank rows, the last index fastest. T = basis c, c = basis^T T.
template <detail::fixed_string Formula>
const Eigen::MatrixXd& cartesian_basis() {
  return cartesian_of<Formula>::basis();
}

}  // namespace gsteer
