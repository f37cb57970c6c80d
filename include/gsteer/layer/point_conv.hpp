// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <utility>

#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/on_graph.hpp"
#include "gsteer/layer/point_map.hpp"

namespace gsteer {

/// Steerable convolution on a cloud of points, equivariant under the group of its fields and under
/// translations:
///   out_i = sum over edges j -> i of  K(x_j - x_i) f_j  + bias,
/// K a combination of all equivariant kernels of the profile `Kernel`, evaluated wherever a
/// neighbor is (escnn's R2PointConv and R3PointConv). For any group with an action on R^2 or R^3;
/// for those of R^2 the points lie in the plane z = 0, and are given as 2 x n or 3 x n. Use the
/// alias PointConv.
///
/// It commutes with every element of the group, whatever its angle: there is no grid to sample.
/// Where the points are a grid (grid_graph) it is the convolution on that grid, with the same
/// coefficients: basis elements are scaled as KernelFilters says, on the taps of a grid. A ring of
/// radius 0 is seen by nodes that hear of themselves (with_self_edges).
///
/// All derivatives are exact, second ones included. A kernel does not end where the edges of a
/// graph do: for forces that do not jump, the graph must reach to where the outermost ring has
/// faded, (radius + 6 width) spacing.
template <class In, class Out, auto Kernel, class Scalar_ = float>
class point_conv {
  using rules = detail::steerable_kernel<In, Out, Kernel>;
  static_assert(In::group::dimension == 2 || In::group::dimension == 3,
                "gsteer: PointConv is for groups that act on the plane or on space");

 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Features = Field<In, Scalar, Point>;
  using Result = Field<Out, Scalar, Point>;

  /// \throws Error if a setting is out of range, or a harmonic vanishes on the taps of a grid
  explicit point_conv(const PointConvOptions& options = {})
      : map_(rules::space(1, "PointConv"), options) {}

  const PointConvOptions& options() const { return map_.options(); }

  /// [node, in] -> [node, out]. \throws Error unless there is a feature vector for every node, and
  /// for a group of the plane all points have z = 0
  Result forward(const Features& x, const Graph& graph) {
    check("features", x.batch(), graph);
    Result y(x.batch());
    map_.forward(graph, x.data(), y.data());
    return y;
  }

  /// Gradients with respect to features and positions; adds to those of the parameters.
  GraphGradient<In, Scalar> backward(const Result& gradient) {
    Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, map_.graph().edges());
    auto features = backward(gradient, d_vectors);
    return {std::move(features), map_.graph().gather(d_vectors)};
  }

  /// The same with the gradient with respect to the vectors of the edges, added to d_vectors, 3 x
  /// edges.
  Features backward(const Result& gradient, Eigen::MatrixXd& d_vectors) {
    return pull_back(gradient, d_vectors, true);
  }

  /// Gradients with respect to features and positions only; see layer.hpp.
  Features backward_input(const Result& gradient, Eigen::MatrixXd& d_vectors) {
    return pull_back(gradient, d_vectors, false);
  }

  /// The derivative of the result along directions of the features and of the edges' vectors, 3 x
  /// edges; see layer.hpp.
  Result forward_tangent(const Features& dx, const Eigen::MatrixXd& d_vectors) {
    check_derivative("a tangent", dx.batch());
    Result dy(dx.batch());
    map_.forward_tangent(dx.data(), d_vectors, dy.data());
    return dy;
  }

  /// The derivative of backward_input along the tangents; adds to the gradients of the parameters.
  /// See layer.hpp. With `dd_vectors`, 3 x edges, also the derivative of the edges' gradient.
  Features backward_tangent(const Result& d_gradient, Eigen::MatrixXd* dd_vectors = nullptr) {
    check_derivative("a gradient", d_gradient.batch());
    Features d(d_gradient.batch());
    map_.backward_tangent(d_gradient.data(), dd_vectors, d.data());
    return d;
  }

  /// For use: forward(x, graph) is const and may be called from many threads.
  class Frozen {
   public:
    using in = In;
    using out = Out;
    using Scalar = Scalar_;

    explicit Frozen(const detail::PointMap<Scalar>& map) : map_(map.ready()) {}
    Result forward(const Features& x, const Graph& graph) const {
      check("features", x.batch(), graph);
      Result y(x.batch());
      map_.apply(graph, x.data(), y.data());
      return y;
    }
    const Frozen& freeze() const { return *this; }

   private:
    detail::PointMap<Scalar> map_;
  };
  Frozen freeze() const { return Frozen(map_); }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit("weight", map_.weight);
    if (map_.options().bias) visit("bias", map_.bias);
  }
  template <class Visit>
  void visit_linear_maps(Visit&& visit) {
    visit(map_.weight, map_.space(), 1);
  }

 private:
  static void check(const char* what, int batch, const Graph& graph) {
    expect(graph.nodes() > 0 && batch == graph.nodes(), "PointConv: expected ", what, " of ",
           graph.nodes(), " nodes, got ", batch);
  }
  void check_derivative(const char* what, int batch) const {
    expect(map_.graph().nodes() > 0, "PointConv: a derivative before forward");
    check(what, batch, map_.graph());
  }
  Features pull_back(const Result& gradient, Eigen::MatrixXd& d_vectors, bool parameters) {
    check_derivative("a gradient", gradient.batch());
    Features d(gradient.batch());
    map_.backward(gradient.data(), parameters, d_vectors, d.data());
    return d;
  }

  detail::PointMap<Scalar> map_;
};

/// Convolution on points between fields given as values: PointConv<trivial<SO<2>>, 8 *
/// irrep<SO<2>, 1>, 5>{{.spacing = 0.1}}. `Kernel` is an odd number of taps or a kernel_profile.
template <auto In, auto Out, auto Kernel, class Scalar = float>
using PointConv = point_conv<features_of<In>, features_of<Out>, Kernel, Scalar>;

}  // namespace gsteer
