// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/layer/aggregation.hpp"
#include "gsteer/layer/edge_geometry.hpp"
#include "gsteer/layer/frozen_copy.hpp"
#include "gsteer/layer/kernels/edge_product.hpp"
#include "gsteer/layer/kernels/message_mixing.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/on_graph.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/layer/radial_network.hpp"
#include "gsteer/representation/irreps.hpp"

namespace gsteer {

/// Settings of a MessagePassing layer.
struct MessagePassingOptions {
  double cutoff = 5;         ///< edges of this length and longer carry nothing
  int radial_functions = 8;  ///< functions of the length of an edge
  /// Of which kind, times a polynomial that vanishes at the cutoff. Forces jump where a function
  /// has a kink: cosine.
  RadialFunction radial = RadialFunction::smooth_bessel;
  int cutoff_power = 6;                ///< of that polynomial
  std::vector<int> hidden = {64, 64};  ///< layers of the radial network
  Aggregation aggregation = Aggregation::normalized;
  double average_neighbors = 1;  ///< for Aggregation::normalized
};

/// Steerable message passing (tensor field networks; NequIP):
///   out_i = W  (1/c) sum over edges j -> i of  R(|x|) (f_j (x) Y(x / |x|)),   x = x_j - x_i,
/// where (x) is the tensor product by channel (mode uvu) into every irrep that occurs in Out, Y the
/// spherical harmonics of the irreps Edge, R a network of radial functions with a weight for each
/// path and channel, and W an equivariant linear map. Paths carry e3nn's `component` normalization.
///
/// Fields are those of O(3), or of SO(3), where nothing has a parity and vectors multiply to
/// vectors, too. All derivatives are exact, second ones included. Use the alias MessagePassing.
template <class In, class Edge, class Out, class Scalar_ = float>
class message_passing {
 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Features = Field<In, Scalar, Point>;
  using Result = Field<Out, Scalar, Point>;
  static constexpr int l_max = detail::harmonic_degree<Edge>();
  static_assert(l_max >= 0,
                "gsteer: the edges of MessagePassing carry spherical harmonics: "
                "irreps<\"1x0e+1x1o+1x2e\">, every degree once, from 0 up");
  static_assert(detail::of_one_group<In, Edge, Out>,
                "gsteer: a layer maps between fields of one group");
  static_assert(
      l_max < 0 || detail::has_path<In, Edge, Out>(),
      "gsteer: no tensor product of the features with these harmonics reaches the output");

  /// \throws Error if a setting is out of range
  [[gnu::cold]] explicit message_passing(MessagePassingOptions options = {})
      : options_(std::move(options)),
        plan_(detail::make_edge_plan(irrep_list<In>(), irrep_list<Out>(), irrep_list<Edge>())),
        mixing_(plan_.plan, plan_.labels, irrep_list<Out>()),
        geometry_(l_max, RadialBasis<Scalar>::damped(options_.radial, options_.radial_functions,
                                                     options_.cutoff, options_.cutoff_power)),
        radial_(options_.radial_functions, options_.hidden, plan_.plan.weights) {
    expect(options_.average_neighbors > 0, "MessagePassing: expected average_neighbors > 0, got ",
           options_.average_neighbors);
  }

  const MessagePassingOptions& options() const { return options_; }

  /// [node, in] -> [node, out]. \throws Error unless there is a feature vector for every node
  Result forward(const Features& x, const Graph& graph) {
    expect(x.batch() == graph.nodes(), "MessagePassing: expected features of ", graph.nodes(),
           " nodes, got ", x.batch());
    graph_ = graph;
    has_gradient_ = has_tangent_ = false;
    const int n = graph.nodes(), edges = graph.edges();
    set_scale();
    geometry_.forward(graph);
    fit(x_, n, In::size);
    detail::to_channels_innermost(blocks_, n, x.data(), x_.data());
    fit(weights_, edges, plan_.plan.weights);
    radial_.forward(geometry_.radial(), edges, weights_.data());
    fit_messages(messages_);
    product().template forward<detail::Plain>(graph_, {x_.data(), nullptr},
                                              {weights_.data(), nullptr},
                                              {geometry_.harmonics(), nullptr}, messages_.data());
    Result y(n);
    mixing_.forward(messages_.data(), n, y.data());
    return y;
  }

  /// Gradients with respect to features and positions; adds to those of the parameters.
  GraphGradient<In, Scalar> backward(const Result& gradient) {
    Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, graph_.edges());
    auto features = backward(gradient, d_vectors);
    return {std::move(features), graph_.gather(d_vectors)};
  }

  /// The same with the gradient with respect to the vectors of the edges, added to d_vectors, 3 x
  /// edges.
  Features backward(const Result& gradient, Eigen::MatrixXd& d_vectors) {
    check(gradient);
    mixing_.backward_weight(messages_.data(), gradient.data(), graph_.nodes());
    return pull_back(gradient, d_vectors, true);
  }

  /// Gradients with respect to features and positions only; see layer.hpp.
  Features backward_input(const Result& gradient, Eigen::MatrixXd& d_vectors) {
    check(gradient);
    return pull_back(gradient, d_vectors, false);
  }

  /// The derivative of the result along directions of the features and of the edges' vectors, 3 x
  /// edges; see layer.hpp.
  Result forward_tangent(const Features& dx, const Eigen::MatrixXd& d_vectors) {
    const int n = graph_.nodes(), edges = graph_.edges();
    expect(n > 0, "MessagePassing: forward_tangent before forward");
    expect(dx.batch() == n && d_vectors.cols() == edges && d_vectors.rows() == 3,
           "MessagePassing: expected tangents of ", n, " nodes and 3 x ", edges, " edges, got ",
           dx.batch(), " and ", d_vectors.rows(), " x ", d_vectors.cols());
    has_tangent_ = true;
    geometry_.forward_tangent(d_vectors);
    fit(dx_, n, In::size);
    detail::to_channels_innermost(blocks_, n, dx.data(), dx_.data());
    fit(d_weights_, edges, plan_.plan.weights);
    radial_.forward_tangent(geometry_.radial_tangent(), d_weights_.data());
    fit_messages(d_messages_);
    product().template forward<detail::Dual>(
        graph_, {x_.data(), dx_.data()}, {weights_.data(), d_weights_.data()},
        {geometry_.harmonics(), geometry_.harmonics_tangent()}, d_messages_.data());
    Result dy(n);
    mixing_.forward(d_messages_.data(), n, dy.data());
    return dy;
  }

  /// The derivative of backward_input along the tangents; adds to the gradients of the parameters.
  /// See layer.hpp. With `dd_vectors`, 3 x edges, also the derivative of the edges' gradient.
  Features backward_tangent(const Result& d_gradient, Eigen::MatrixXd* dd_vectors = nullptr) {
    check(d_gradient);
    expect(has_gradient_ && has_tangent_,
           "MessagePassing: backward_tangent before backward_input and forward_tangent");
    const int n = graph_.nodes(), edges = graph_.edges();
    mixing_.backward_weight(messages_.data(), d_gradient.data(), n);
    mixing_.backward_weight(d_messages_.data(), gradient_.data(), n);
    fit_messages(dg_messages_);
    mixing_.backward(d_gradient.data(), n, dg_messages_.data());
    fit(gx_, n, In::size);
    fit(dg_weights_, edges, plan_.plan.weights);
    if (dd_vectors) fit(dg_harmonics_, edges, geometry_.harmonic_count());
    product().template backward<detail::Dual>(
        graph_, {x_.data(), dx_.data()}, {weights_.data(), d_weights_.data()},
        {geometry_.harmonics(), geometry_.harmonics_tangent()},
        {g_messages_.data(), dg_messages_.data()}, gx_.data(), dg_weights_.data(),
        dd_vectors ? dg_harmonics_.data() : nullptr);
    fit(dg_radial_, edges, geometry_.radial_count());
    radial_.backward_tangent(dg_weights_.data(), dd_vectors ? dg_radial_.data() : nullptr);
    if (dd_vectors)
      geometry_.backward_tangent(g_harmonics_.data(), g_radial_.data(), dg_harmonics_.data(),
                                 dg_radial_.data(), *dd_vectors);
    Features d(n);
    detail::to_channels_outermost(blocks_, n, gx_.data(), d.data());
    return d;
  }

  /// For use: forward(x, graph) is const and may be called from many threads.
  using Frozen = detail::FrozenCopy<message_passing>;
  Frozen freeze() const { return Frozen(*this); }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    radial_.visit_parameters(
        [&](const std::string& name, auto& p) { visit(std::string("radial.").append(name), p); });
    visit("weight", mixing_.weight);
  }
  /// Draws all weights from the normal distribution, as e3nn does.
  void initialize(Rng& rng) {
    radial_.initialize(rng);
    for (auto& w : mixing_.weight.value) w = static_cast<Scalar>(rng.normal());
  }

 private:
  static void fit(Buffer<Scalar>& buffer, int rows, int width) {
    const auto n = static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
    if (buffer.size() < n) buffer = Buffer<Scalar>(n);
  }
  void fit_messages(Buffer<Scalar>& buffer) const {
    const auto n = static_cast<std::size_t>(plan_.plan.message_size(graph_.nodes()));
    if (buffer.size() < n) buffer = Buffer<Scalar>(n);
  }
  detail::EdgeProduct<Scalar> product() const {
    return detail::EdgeProduct<Scalar>(plan_.plan, scale_.data());
  }

  void check(const Result& gradient) const {
    expect(graph_.nodes() > 0, "MessagePassing: backward before forward");
    expect(gradient.batch() == graph_.nodes(), "MessagePassing: expected a gradient of ",
           graph_.nodes(), " nodes, got ", gradient.batch());
  }

  Features pull_back(const Result& gradient, Eigen::MatrixXd& d_vectors, bool parameters) {
    const int n = graph_.nodes(), edges = graph_.edges();
    expect(d_vectors.rows() == 3 && d_vectors.cols() == edges, "MessagePassing: expected 3 x ",
           edges, " derivatives by edge, got ", d_vectors.rows(), " x ", d_vectors.cols());
    has_gradient_ = !parameters;
    fit(gradient_, n, Out::size);
    std::copy_n(gradient.data(), gradient.size(), gradient_.data());
    fit_messages(g_messages_);
    mixing_.backward(gradient.data(), n, g_messages_.data());
    fit(gx_, n, In::size);
    fit(g_weights_, edges, plan_.plan.weights);
    fit(g_harmonics_, edges, geometry_.harmonic_count());
    product().template backward<detail::Plain>(
        graph_, {x_.data(), nullptr}, {weights_.data(), nullptr}, {geometry_.harmonics(), nullptr},
        {g_messages_.data(), nullptr}, gx_.data(), g_weights_.data(), g_harmonics_.data());
    fit(g_radial_, edges, geometry_.radial_count());
    if (parameters)
      radial_.backward(g_weights_.data(), g_radial_.data());
    else
      radial_.backward_input(g_weights_.data(), g_radial_.data());
    geometry_.backward(g_harmonics_.data(), g_radial_.data(), d_vectors);
    Features d(n);
    detail::to_channels_outermost(blocks_, n, gx_.data(), d.data());
    return d;
  }

  /// What the sum over the neighbors of each node is multiplied by.
  void set_scale() {
    fit(scale_, graph_.nodes(), 1);
    for (int i = 0; i < graph_.nodes(); ++i)
      scale_[static_cast<std::size_t>(i)] = static_cast<Scalar>(
          detail::aggregation_factor(options_.aggregation, options_.average_neighbors,
                                     graph_.received(i + 1) - graph_.received(i)));
  }

  MessagePassingOptions options_;
  IrrepList blocks_ = irrep_list<In>();
  detail::LabeledEdgePlan plan_;
  detail::MessageMixing<Scalar> mixing_;
  detail::EdgeGeometry<Scalar> geometry_;
  RadialNetwork<Scalar> radial_;
  Graph graph_;
  bool has_gradient_ = false, has_tangent_ = false;
  Buffer<Scalar> scale_, x_, weights_, messages_, gradient_, g_messages_, gx_, g_weights_,
      g_harmonics_, g_radial_;
  Buffer<Scalar> dx_, d_weights_, d_messages_, dg_messages_, dg_weights_, dg_harmonics_, dg_radial_;
};

/// Message passing between features given as values: MessagePassing<irreps<"32x0e+16x1o">,
/// irreps<"1x0e+1x1o">, irreps<"32x0e+16x1o">>{{.cutoff = 5.0}}.
template <auto In, auto Edge, auto Out, class Scalar = float>
using MessagePassing =
    message_passing<features_of<In>, features_of<Edge>, features_of<Out>, Scalar>;

}  // namespace gsteer
