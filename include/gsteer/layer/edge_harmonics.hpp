// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

#include "gsteer/core/buffer.hpp"
#include "gsteer/field/graph.hpp"
#include "gsteer/kernel/spherical_harmonics.hpp"

namespace gsteer::detail {

/// The harmonics of the direction of each edge, row by row, and the square of its length; or their
/// gradients, or tangents.
template <class Scalar>
struct EdgeHarmonicValues {
  Buffer<Scalar> harmonics;  ///< [edge][harmonic]
  Buffer<Scalar> squares;    ///< [edge]
};

/// EdgeHarmonicValues of a graph and their derivatives by the vectors v of its edges. Const: what
/// derivatives need is computed again from the graph.
///
/// An edge of length zero has no direction: its harmonics of degree > 0 are 0, and it takes no part
/// in any derivative of them.
template <class Scalar>
class EdgeHarmonics {
 public:
  using Values = EdgeHarmonicValues<Scalar>;

  explicit EdgeHarmonics(int l_max) : harmonics_(l_max) {}

  int size() const { return harmonics_.size(); }

  Values values(const Graph& graph) const {
    const int n = graph.edges();
    Values result = zeros(n);
    if (n == 0) return result;
    const auto v = by_axis(graph.vectors());
    Buffer<Scalar> y(result.harmonics.size());
    harmonics_.evaluate(v.data(), n, n, y.data());
    by_edge(y, n, result.harmonics);
    inner_products(graph.vectors(), graph.vectors(), 1, result.squares);
    return result;
  }

  /// dY/dv . dv and 2 v . dv
  Values tangent(const Graph& graph, const Eigen::MatrixXd& d_vectors) const {
    const int n = graph.edges();
    Values result = zeros(n);
    if (n == 0) return result;
    const auto v = by_axis(graph.vectors()), dv = by_axis(d_vectors);
    Buffer<Scalar> dy(result.harmonics.size());
    harmonics_.tangent(v.data(), dv.data(), n, n, dy.data());
    by_edge(dy, n, result.harmonics);
    inner_products(graph.vectors(), d_vectors, 2, result.squares);
    return result;
  }

  /// by_vectors, 3 x edges, += (dY/dv)^T g + 2 g v
  void backward(const Graph& graph, const Values& g, Eigen::MatrixXd& by_vectors) const {
    const int n = graph.edges();
    if (n == 0) return;
    const auto v = by_axis(graph.vectors()), gy = by_harmonic(g.harmonics, n);
    Buffer<Scalar> pull(v.size());
    harmonics_.backward(v.data(), n, n, gy.data(), pull.data());
    add_pull(pull, n, by_vectors);
    add_scaled(g.squares, graph.vectors(), by_vectors);
  }

  /// The derivative of `backward` as v moves along d_vectors and g along dg.
  void backward_tangent(const Graph& graph, const Eigen::MatrixXd& d_vectors, const Values& g,
                        const Values& dg, Eigen::MatrixXd& by_vectors) const {
    const int n = graph.edges();
    if (n == 0) return;
    const auto v = by_axis(graph.vectors()), dv = by_axis(d_vectors);
    const auto gy = by_harmonic(g.harmonics, n), dgy = by_harmonic(dg.harmonics, n);
    Buffer<Scalar> pull(v.size());
    harmonics_.backward_tangent(v.data(), dv.data(), n, n, gy.data(), dgy.data(), pull.data());
    add_pull(pull, n, by_vectors);
    add_scaled(dg.squares, graph.vectors(), by_vectors);
    add_scaled(g.squares, d_vectors, by_vectors);
  }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }

  Values zeros(int edges) const {
    return {Buffer<Scalar>(index(edges) * index(size())), Buffer<Scalar>(index(edges))};
  }

  /// 3 x edges to [axis][edge].
  static Buffer<Scalar> by_axis(const Eigen::MatrixXd& vectors) {
    const auto n = static_cast<std::size_t>(vectors.cols());
    Buffer<Scalar> rows(3 * n);
    for (std::size_t e = 0; e < n; ++e)
      for (std::size_t axis = 0; axis < 3; ++axis)
        rows[axis * n + e] = static_cast<Scalar>(vectors.data()[3 * e + axis]);
    return rows;
  }
  /// [harmonic][edge] to [edge][harmonic], and back.
  void by_edge(const Buffer<Scalar>& y, int edges, Buffer<Scalar>& rows) const {
    const auto n = index(edges), count = index(size());
    for (std::size_t e = 0; e < n; ++e)
      for (std::size_t i = 0; i < count; ++i) rows[e * count + i] = y[i * n + e];
  }
  Buffer<Scalar> by_harmonic(const Buffer<Scalar>& rows, int edges) const {
    const auto n = index(edges), count = index(size());
    Buffer<Scalar> y(rows.size());
    for (std::size_t e = 0; e < n; ++e)
      for (std::size_t i = 0; i < count; ++i) y[i * n + e] = rows[e * count + i];
    return y;
  }

  static void inner_products(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b, double factor,
                             Buffer<Scalar>& products) {
    for (std::size_t e = 0; e < products.size(); ++e) {
      double sum = 0;
      for (std::size_t k = 3 * e; k < 3 * e + 3; ++k) sum += a.data()[k] * b.data()[k];
      products[e] = static_cast<Scalar>(factor * sum);
    }
  }
  static void add_pull(const Buffer<Scalar>& pull, int edges, Eigen::MatrixXd& by_vectors) {
    const auto n = index(edges);
    for (std::size_t e = 0; e < n; ++e)
      for (std::size_t axis = 0; axis < 3; ++axis)
        by_vectors.data()[3 * e + axis] += static_cast<double>(pull[axis * n + e]);
  }
  /// += 2 g v
  static void add_scaled(const Buffer<Scalar>& g, const Eigen::MatrixXd& v,
                         Eigen::MatrixXd& by_vectors) {
    for (std::size_t e = 0; e < g.size(); ++e)
      for (std::size_t k = 3 * e; k < 3 * e + 3; ++k)
        by_vectors.data()[k] += 2 * static_cast<double>(g[e]) * v.data()[k];
  }

  SphericalHarmonics<Scalar> harmonics_;
};

}  // namespace gsteer::detail
