// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "gsteer/core/buffer.hpp"
#include "gsteer/layer/aggregation.hpp"
#include "gsteer/layer/edge_filters.hpp"
#include "gsteer/layer/invariant_bias.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/layer/point_convolution.hpp"

namespace gsteer {

/// Settings of a PointConv layer.
struct PointConvOptions {
  /// The length that counts as one tap: rings of a kernel lie at radius * spacing.
  double spacing = 1;
  Aggregation aggregation = Aggregation::sum;
  double average_neighbors = 1;  ///< for Aggregation::normalized
  bool bias = true;              ///< on the invariant part of the output
};

namespace detail {

/// The linear map behind PointConv with all its derivatives, on rows of numbers, [node][channel].
/// Knows groups and representations only as data; one instance for each scalar type.
template <class Scalar>
class PointMap {
 public:
  /// \throws Error if a setting is out of range
  [[gnu::cold]] PointMap(const kernel_space& space, const PointConvOptions& options)
      : options_(options), shared_(std::make_shared<const Shared>(space, options.spacing)) {
    expect(options.average_neighbors > 0, "PointConv: expected average_neighbors > 0, got ",
           options.average_neighbors);
    weight = Parameter<Scalar>(space.size);
    if (options.bias) bias = Parameter<Scalar>(shared_->invariant.count);
  }

  /// The same map, ready to `apply`, without a memory of training.
  PointMap ready() const {
    PointMap map(options_, shared_);
    map.weight.value = weight.value;
    map.bias.value = bias.value;
    map.prepare();
    return map;
  }

  const PointConvOptions& options() const { return options_; }
  const kernel_space& space() const { return shared_->space; }

  Parameter<Scalar> weight;  ///< [coefficient of kernel_space]
  Parameter<Scalar> bias;    ///< [field][invariant direction]

  /// Fills the matrices that `apply` mixes with from the present coefficients.
  void prepare() {
    fit(matrices_, shared_->map.matrix_size());
    shared_->map.load(weight.value.data(), matrices_.data());
  }

  /// The result, without a trace. Const: `prepare` must have been called since the coefficients
  /// last changed.
  void apply(const Graph& graph, const Scalar* x, Scalar* y) const {
    Factors factors;
    Buffer<Scalar> v;
    evaluate(graph, x, y, factors, v);
  }

  /// The same, and remembers what derivatives need.
  void forward(const Graph& graph, const Scalar* x, Scalar* y) {
    prepare();
    evaluate(graph, x, y, values_, v_);
    graph_ = graph;
    has_gradient_ = has_tangent_ = false;
  }

  const Graph& graph() const { return graph_; }

  /// d_x = the gradient with respect to x; adds that with respect to the vectors of edges to
  /// d_vectors, and those of the parameters if wanted. Remembers gradients if not.
  void backward(const Scalar* gradient, bool parameters, Eigen::MatrixXd& d_vectors, Scalar* d_x) {
    check(d_vectors);
    has_gradient_ = !parameters;
    if (parameters) add_to_bias(gradient);
    enter(gradient, g_);
    fit(gu_, rows(map().in()));
    fit(gf_, on_edges());
    pull_back(false, {gu_.data(), gf_.data(), nullptr}, parameters);
    shared_->edges.backward(graph_, gf_.data(), d_vectors);
    map().in().from_irreps(gu_.data(), graph_.nodes(), d_x);
  }

  /// See layer.hpp; d_vectors is 3 x edges.
  void forward_tangent(const Scalar* dx, const Eigen::MatrixXd& d_vectors, Scalar* dy) {
    check(d_vectors);
    has_tangent_ = true;
    d_vectors_ = d_vectors;
    fit(tangents_.f, on_edges());
    shared_->edges.tangent(graph_, d_vectors_, tangents_.f.data());
    fit(tangents_.u, rows(map().in()));
    map().in().to_irreps(dx, graph_.nodes(), tangents_.u.data());
    map().forward(graph_, f(true), u(true), matrices_.data(), v_.data());
    scale(graph_, v_.data());
    map().out().from_irreps(v_.data(), graph_.nodes(), dy);
  }

  /// See layer.hpp; with `dd_vectors` also the derivative of the gradient of the edges' vectors.
  void backward_tangent(const Scalar* d_gradient, Eigen::MatrixXd* dd_vectors, Scalar* d_x) {
    expect(has_gradient_ && has_tangent_,
           "PointConv: backward_tangent before backward_input and forward_tangent");
    if (dd_vectors) check(*dd_vectors);
    add_to_bias(d_gradient);
    enter(d_gradient, dg_);
    fit(gu_, rows(map().in()));
    if (dd_vectors) fit(dgf_, on_edges());
    pull_back(true, {gu_.data(), dd_vectors ? dgf_.data() : nullptr, nullptr}, true);
    if (dd_vectors)
      shared_->edges.backward_tangent(graph_, d_vectors_, gf_.data(), dgf_.data(), *dd_vectors);
    map().in().from_irreps(gu_.data(), graph_.nodes(), d_x);
  }

 private:
  /// What copies of a layer have in common.
  struct Shared {
    [[gnu::cold]] Shared(const kernel_space& s, double spacing)
        : Shared(s, KernelFilters(s), spacing) {}
    [[gnu::cold]] Shared(const kernel_space& s, const KernelFilters& filters, double spacing)
        : space(s),
          edges(s, filters, spacing),
          map(s, filters),
          channels(gsteer::channels(s.out)),
          invariant(s.out) {}
    kernel_space space;
    EdgeFilters<Scalar> edges;
    PointConvolution<Scalar> map;
    int channels;
    InvariantBias<Scalar> invariant;
  };
  /// The two factors of the convolution: filters on edges, and features in the basis of irreps.
  struct Factors {
    Buffer<Scalar> f, u;
  };

  PointMap(const PointConvOptions& options, std::shared_ptr<const Shared> shared)
      : options_(options), shared_(std::move(shared)) {}

  const PointConvolution<Scalar>& map() const { return shared_->map; }
  static void fit(Buffer<Scalar>& buffer, std::size_t size) {
    if (buffer.size() < size) buffer = Buffer<Scalar>(size);
  }
  std::size_t rows(const IrrepRows<Scalar>& side) const {
    return static_cast<std::size_t>(graph_.nodes()) * static_cast<std::size_t>(side.width());
  }
  std::size_t on_edges() const {
    return static_cast<std::size_t>(graph_.edges()) * static_cast<std::size_t>(map().filters());
  }
  Moving<Scalar> f(bool moving) const {
    return {values_.f.data(), moving ? tangents_.f.data() : nullptr};
  }
  Moving<Scalar> u(bool moving) const {
    return {values_.u.data(), moving ? tangents_.u.data() : nullptr};
  }

  void check(const Eigen::MatrixXd& vectors) const {
    expect(vectors.rows() == 3 && vectors.cols() == graph_.edges(), "PointConv: expected 3 x ",
           graph_.edges(), " derivatives by edge, got ", vectors.rows(), " x ", vectors.cols());
  }

  void evaluate(const Graph& graph, const Scalar* x, Scalar* y, Factors& factors,
                Buffer<Scalar>& v) const {
    const int n = graph.nodes();
    if (shared_->space.dimension == 2)
      for (int e = 0; e < graph.edges(); ++e)
        expect(graph.vectors()(2, e) == 0, "PointConv: expected points of the plane, z = 0, for ",
               "a group of the plane; edge ", e, " has z = ", graph.vectors()(2, e));
    const auto nodes = static_cast<std::size_t>(n);
    fit(factors.f,
        static_cast<std::size_t>(graph.edges()) * static_cast<std::size_t>(map().filters()));
    shared_->edges.values(graph, factors.f.data());
    fit(factors.u, nodes * static_cast<std::size_t>(map().in().width()));
    map().in().to_irreps(x, n, factors.u.data());
    fit(v, nodes * static_cast<std::size_t>(map().out().width()));
    map().forward(graph, {factors.f.data()}, {factors.u.data()}, matrices_.data(), v.data());
    scale(graph, v.data());
    map().out().from_irreps(v.data(), n, y);
    for (const auto& e : shared_->invariant.entries) {
      if (!options_.bias) break;
      const Scalar b = e.value * bias.value[static_cast<std::size_t>(e.index)];
      for (int i = 0; i < n; ++i) y[std::ptrdiff_t{i} * shared_->channels + e.channel] += b;
    }
  }

  /// What the sum over neighbors is multiplied by; the same for its gradient.
  void scale(const Graph& graph, Scalar* v) const {
    if (options_.aggregation == Aggregation::sum) return;
    const int width = map().out().width();
    for (int i = 0; i < graph.nodes(); ++i, v += width) {
      const auto factor =
          static_cast<Scalar>(aggregation_factor(options_.aggregation, options_.average_neighbors,
                                                 graph.received(i + 1) - graph.received(i)));
      for (int c = 0; c < width; ++c) v[c] *= factor;
    }
  }

  void add_to_bias(const Scalar* gradient) {
    if (!options_.bias) return;
    for (const auto& e : shared_->invariant.entries) {
      Scalar sum = 0;
      for (int i = 0; i < graph_.nodes(); ++i)
        sum += gradient[std::ptrdiff_t{i} * shared_->channels + e.channel];
      bias.gradient[static_cast<std::size_t>(e.index)] += e.value * sum;
    }
  }

  /// A gradient of the result in the basis of irreps.
  void enter(const Scalar* gradient, Buffer<Scalar>& g) const {
    fit(g, rows(map().out()));
    map().out().to_irreps(gradient, graph_.nodes(), g.data());
    scale(graph_, g.data());
  }

  void pull_back(bool moving, typename PointConvolution<Scalar>::Gradients to, bool parameters) {
    Buffer<Scalar> d_matrices(parameters ? map().matrix_size() : 0);
    if (parameters) to.matrices = d_matrices.data();
    map().backward(graph_, f(moving), u(moving), {g_.data(), moving ? dg_.data() : nullptr},
                   matrices_.data(), to, work_);
    if (parameters) map().store(d_matrices.data(), weight.gradient.data());
  }

  PointConvOptions options_;
  std::shared_ptr<const Shared> shared_;
  Buffer<Scalar> matrices_;
  Graph graph_;
  Eigen::MatrixXd d_vectors_;
  bool has_gradient_ = false, has_tangent_ = false;
  Factors values_, tangents_;
  Buffer<Scalar> v_, g_, dg_, gu_, gf_, dgf_;
  typename PointConvolution<Scalar>::Workspace work_;
};

}  // namespace detail
}  // namespace gsteer
