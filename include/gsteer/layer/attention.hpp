// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/layer/edge_geometry.hpp"
#include "gsteer/layer/frozen_copy.hpp"
#include "gsteer/layer/irreps_linear.hpp"
#include "gsteer/layer/kernels/edge_attention.hpp"
#include "gsteer/layer/kernels/edge_cutoff.hpp"
#include "gsteer/layer/kernels/message_field.hpp"
#include "gsteer/layer/kernels/message_mixing.hpp"
#include "gsteer/layer/message_passing.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/layer/radial_network.hpp"

namespace gsteer {

/// Settings of an Attention layer.
struct AttentionOptions {
  int heads = 1;             ///< divides the copies of every irrep of the input
  double cutoff = 5;         ///< edges of this length and longer carry nothing
  int radial_functions = 8;  ///< functions of the length of an edge
  /// Of which kind, times a polynomial that vanishes at the cutoff; see MessagePassingOptions.
  RadialFunction radial = RadialFunction::smooth_bessel;
  int cutoff_power = 6;                ///< of that polynomial
  std::vector<int> hidden = {64, 64};  ///< layers of the radial networks
  /// Whether the polynomial weights the softmax, too. Without, the result jumps when an edge passes
  /// the cutoff.
  bool smooth_softmax = true;
};

/// Equivariant attention (SE(3)-Transformer: Fuchs, Worrall, Fischer, Welling, NeurIPS 2020). Node
/// i asks, its neighbors j answer, and how much it hears of each is invariant. With x = x_j - x_i:
///   q_i  = W_q f_i,
///   k_ij = R_k(|x|) (W_k f_j (x) Y(x / |x|)),
///   v_ij = R_v(|x|) (W_v f_j (x) Y(x / |x|)),
///   a_ij = c(|x|) exp(<q_i, k_ij> / sqrt(d)) / sum over edges j' -> i of the same,
///   out_i = W sum over j of a_ij v_ij.
///
/// Here (x) is the tensor product by channel (mode uvu) as in MessagePassing, for keys into the
/// irreps of In, for values into those of Out. R_k and R_v are networks of radial functions, and
/// the W equivariant linear maps. Each of several heads has its part of the channels of every irrep
/// of W_k f and W_v f, so of q, k and v, and an a of its own; d is the number of components that a
/// head has of q. The inner product of q and k is invariant because irreps are orthogonal.
///
/// c is the polynomial cutoff of the radial functions: with it, and because R(0) = 0, results and
/// forces are continuous when an edge passes the cutoff. (e3nn's transformer has another cutoff
/// here, and sums sqrt(a) v, which keeps the variance if neighbors are independent; a v is the
/// paper's.) A node that hears of nobody gives 0. None hears itself unless there is an edge: use a
/// Residual.
///
/// All derivatives are exact, second ones included. Use the alias Attention.
template <class In, class Edge, class Out, class Scalar_ = float>
class attention {
 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Features = Field<In, Scalar, Point>;
  using Result = Field<Out, Scalar, Point>;
  static constexpr int l_max = detail::harmonic_degree<Edge>();
  static_assert(l_max >= 0,
                "gsteer: the edges of Attention carry spherical harmonics: "
                "irreps<\"1x0e+1x1o+1x2e\">, every degree once, from 0 up");
  static_assert(detail::of_one_group<In, Edge, Out>,
                "gsteer: a layer maps between fields of one group");
  static_assert(
      l_max < 0 || detail::has_path<In, Edge, Out>(),
      "gsteer: no tensor product of the features with these harmonics reaches the output");

  /// \throws Error if a setting is out of range, or the heads do not divide the copies of an irrep
  [[gnu::cold]] explicit attention(AttentionOptions options = {})
      : options_(checked(std::move(options))),
        attention_(plan<In>().plan, plan<Out>().plan, options_.heads),
        mixing_(attention_.value_plan(), plan<Out>().labels, irrep_list<Out>()),
        geometry_(l_max, RadialBasis<Scalar>::damped(options_.radial, options_.radial_functions,
                                                     options_.cutoff, options_.cutoff_power)),
        cutoff_(options_.cutoff, options_.cutoff_power, options_.smooth_softmax),
        key_radial_(options_.radial_functions, options_.hidden, attention_.key_plan().weights),
        value_radial_(options_.radial_functions, options_.hidden, attention_.value_plan().weights) {
  }

  const AttentionOptions& options() const { return options_; }

  /// The a of the last forward, [edge][head]; 0 at edges beyond the cutoff.
  const Scalar* attention_weights() const { return attention_.attention(); }

  /// [node, in] -> [node, out]. \throws Error unless there is a feature vector for every node
  Result forward(const Features& x, const Graph& graph) {
    expect(x.batch() == graph.nodes(), "Attention: expected features of ", graph.nodes(),
           " nodes, got ", x.batch());
    graph_ = graph;
    has_gradient_ = has_tangent_ = false;
    geometry_.forward(graph);
    cutoff_.forward(graph);
    fit(value_);
    set_features(value_, query_map_.forward(x), key_map_.forward(x), value_map_.forward(x));
    key_radial_.forward(geometry_.radial(), graph.edges(), value_.key_weights.data());
    value_radial_.forward(geometry_.radial(), graph.edges(), value_.value_weights.data());
    fit_messages(messages_);
    attention_.forward(graph_, inputs(), messages_.data());
    return mixed(messages_);
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
    return pull_back(gradient, d_vectors, true);
  }

  /// Gradients with respect to features and positions only; see layer.hpp.
  Features backward_input(const Result& gradient, Eigen::MatrixXd& d_vectors) {
    auto features = pull_back(gradient, d_vectors, false);
    has_gradient_ = true;
    return features;
  }

  /// The derivative of the result along directions of the features and of the edges' vectors, 3 x
  /// edges; see layer.hpp.
  Result forward_tangent(const Features& dx, const Eigen::MatrixXd& d_vectors) {
    expect(graph_.nodes() > 0, "Attention: forward_tangent before forward");
    expect(
        dx.batch() == graph_.nodes() && d_vectors.rows() == 3 && d_vectors.cols() == graph_.edges(),
        "Attention: expected tangents of ", graph_.nodes(), " nodes and 3 x ", graph_.edges(),
        " edges, got ", dx.batch(), " and ", d_vectors.rows(), " x ", d_vectors.cols());
    has_tangent_ = true;
    geometry_.forward_tangent(d_vectors);
    cutoff_.forward_tangent(d_vectors);
    fit(tangent_);
    set_features(tangent_, query_map_.forward_tangent(dx), key_map_.forward_tangent(dx),
                 value_map_.forward_tangent(dx));
    key_radial_.forward_tangent(geometry_.radial_tangent(), tangent_.key_weights.data());
    value_radial_.forward_tangent(geometry_.radial_tangent(), tangent_.value_weights.data());
    fit_messages(d_messages_);
    attention_.forward_tangent(graph_, inputs(), tangents(), d_messages_.data());
    return mixed(d_messages_);
  }

  /// The derivative of backward_input along the tangents; adds to the gradients of the parameters.
  /// See layer.hpp. With `dd_vectors`, 3 x edges, also the derivative of the edges' gradient.
  Features backward_tangent(const Result& d_gradient, Eigen::MatrixXd* dd_vectors = nullptr) {
    check(d_gradient);
    expect(has_gradient_ && has_tangent_,
           "Attention: backward_tangent before backward_input and forward_tangent");
    const int n = graph_.nodes();
    mixing_.backward_weight(messages_.data(), d_gradient.data(), n);
    mixing_.backward_weight(d_messages_.data(), gradient_of_result_.data(), n);
    fit_messages(dg_messages_);
    mixing_.backward(d_gradient.data(), n, dg_messages_.data());
    fit(d_gradient_);
    attention_.backward_tangent(graph_, inputs(), tangents(), g_messages_.data(),
                                dg_messages_.data(), outputs(d_gradient_));
    fit_radial(dg_radial_);
    key_radial_.backward_tangent(d_gradient_.key_weights.data(), dg_radial_.data());
    value_radial_.backward_tangent(d_gradient_.value_weights.data(), work_.data());
    add_work_to(dg_radial_);
    if (dd_vectors) {
      geometry_.backward_tangent(gradient_.harmonics.data(), g_radial_.data(),
                                 d_gradient_.harmonics.data(), dg_radial_.data(), *dd_vectors);
      cutoff_.backward_tangent(gradient_.bias.data(), d_gradient_.bias.data(), *dd_vectors);
    }
    return by_features(d_gradient_,
                       [](auto& map, const auto& g) { return map.backward_tangent(g); });
  }

  /// For use: forward(x, graph) is const and may be called from many threads.
  using Frozen = detail::FrozenCopy<attention>;
  Frozen freeze() const { return Frozen(*this); }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    const auto with_prefix = [&](const char* prefix, auto& part) {
      part.visit_parameters(
          [&](const std::string& name, auto& p) { visit(std::string(prefix).append(name), p); });
    };
    with_prefix("query.", query_map_);
    with_prefix("key.", key_map_);
    with_prefix("value.", value_map_);
    with_prefix("key_radial.", key_radial_);
    with_prefix("value_radial.", value_radial_);
    visit("weight", mixing_.weight);
  }
  /// Draws all weights from the normal distribution, as e3nn does.
  void initialize(Rng& rng) {
    query_map_.initialize(rng);
    for (auto* map : {&key_map_, &value_map_}) map->initialize(rng);
    for (auto* network : {&key_radial_, &value_radial_}) network->initialize(rng);
    for (auto& w : mixing_.weight.value) w = static_cast<Scalar>(rng.normal());
  }

 private:
  using Buffers = detail::AttentionBuffers<Scalar>;
  using Inputs = detail::AttentionArguments<const Scalar>;
  static constexpr auto query_irreps = detail::spell_irreps<typename In::group>([] {
    return detail::message_irreps(irrep_list<In>(), irrep_list<In>(), irrep_list<Edge>());
  });
  using Query = features_of<query_irreps>;

  [[gnu::cold]] static AttentionOptions checked(AttentionOptions options) {
    expect(options.heads > 0, "Attention: expected at least one head, got ", options.heads);
    for (const auto& block : irrep_list<In>())
      if (block.copies % options.heads != 0)
        fail("Attention: expected heads that divide the copies of each irrep of ",
             to_string(irrep_list<In>()), ", got ", options.heads);
    return options;
  }
  template <class Target>
  [[gnu::cold]] static detail::LabeledEdgePlan plan() {
    return detail::make_edge_plan(irrep_list<In>(), irrep_list<Target>(), irrep_list<Edge>());
  }

  void fit(Buffers& buffers) const {
    buffers.fit(attention_.key_plan(), attention_.value_plan(), graph_);
  }
  void fit_messages(Buffer<Scalar>& buffer) const {
    Buffers::grow(buffer, attention_.value_plan().message_size(graph_.nodes()));
  }
  /// Also the work space, for the other of two gradients.
  void fit_radial(Buffer<Scalar>& buffer) {
    for (auto* b : {&buffer, &work_})
      Buffers::grow(*b, std::ptrdiff_t{graph_.edges()} * geometry_.radial_count());
  }
  void add_work_to(Buffer<Scalar>& buffer) const {
    const auto n = std::ptrdiff_t{graph_.edges()} * geometry_.radial_count();
    for (std::ptrdiff_t i = 0; i < n; ++i) buffer.data()[i] += work_.data()[i];
  }

  static Inputs arguments(const Buffers& b, const Scalar* harmonics, const Scalar* bias) {
    return {
        b.query.data(), b.key.data(), b.value.data(), b.key_weights.data(), b.value_weights.data(),
        harmonics,      bias};
  }
  Inputs inputs() const { return arguments(value_, geometry_.harmonics(), cutoff_.values()); }
  Inputs tangents() const {
    return arguments(tangent_, geometry_.harmonics_tangent(), cutoff_.tangents());
  }
  static detail::AttentionArguments<Scalar> outputs(Buffers& b) {
    return {b.query.data(),         b.key.data(),       b.value.data(), b.key_weights.data(),
            b.value_weights.data(), b.harmonics.data(), b.bias.data()};
  }

  void set_features(Buffers& to, const Field<Query, Scalar, Point>& query, const Features& key,
                    const Features& value) const {
    const int n = graph_.nodes();
    detail::to_messages(attention_.key_plan(), n, query.data(), to.query.data());
    detail::to_channels_innermost(blocks_, n, key.data(), to.key.data());
    detail::to_channels_innermost(blocks_, n, value.data(), to.value.data());
  }
  /// The sum of pass(map, gradient of its result) over the linear maps.
  template <class Pass>
  Features by_features(const Buffers& from, const Pass& pass) {
    const int n = graph_.nodes();
    Field<Query, Scalar, Point> query(n);
    detail::from_messages(attention_.key_plan(), n, from.query.data(), query.data());
    auto sum = pass(query_map_, query);
    const auto add = [&](auto& map, const Buffer<Scalar>& channels) {
      Features g(n);
      detail::to_channels_outermost(blocks_, n, channels.data(), g.data());
      const Features part = pass(map, g);
      for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += part.data()[i];
    };
    add(key_map_, from.key);
    add(value_map_, from.value);
    return sum;
  }
  Result mixed(const Buffer<Scalar>& messages) {
    Result y(graph_.nodes());
    mixing_.forward(messages.data(), graph_.nodes(), y.data());
    return y;
  }

  void check(const Result& gradient) const {
    expect(graph_.nodes() > 0, "Attention: backward before forward");
    expect(gradient.batch() == graph_.nodes(), "Attention: expected a gradient of ", graph_.nodes(),
           " nodes, got ", gradient.batch());
  }

  Features pull_back(const Result& gradient, Eigen::MatrixXd& d_vectors, bool parameters) {
    check(gradient);
    const int n = graph_.nodes(), edges = graph_.edges();
    expect(d_vectors.rows() == 3 && d_vectors.cols() == edges, "Attention: expected 3 x ", edges,
           " derivatives by edge, got ", d_vectors.rows(), " x ", d_vectors.cols());
    has_gradient_ = false;
    fit_messages(g_messages_);
    mixing_.backward(gradient.data(), n, g_messages_.data());
    fit(gradient_);
    attention_.backward(graph_, inputs(), g_messages_.data(), outputs(gradient_));
    fit_radial(g_radial_);
    const auto pass = [&](auto& network, const Buffer<Scalar>& g, Buffer<Scalar>& to) {
      if (parameters)
        network.backward(g.data(), to.data());
      else
        network.backward_input(g.data(), to.data());
    };
    pass(key_radial_, gradient_.key_weights, g_radial_);
    pass(value_radial_, gradient_.value_weights, work_);
    add_work_to(g_radial_);
    geometry_.backward(gradient_.harmonics.data(), g_radial_.data(), d_vectors);
    cutoff_.backward(gradient_.bias.data(), d_vectors);
    if (parameters)
      mixing_.backward_weight(messages_.data(), gradient.data(), n);
    else
      gradient_of_result_ = gradient.values();
    return by_features(gradient_, [&](auto& map, const auto& g) {
      return parameters ? map.backward(g) : map.backward_input(g);
    });
  }

  AttentionOptions options_;
  IrrepList blocks_ = irrep_list<In>();
  detail::EdgeAttention<Scalar> attention_;
  detail::MessageMixing<Scalar> mixing_;
  detail::EdgeGeometry<Scalar> geometry_;
  detail::EdgeCutoff<Scalar> cutoff_;
  irreps_linear<In, Query, Scalar> query_map_;
  irreps_linear<In, In, Scalar> key_map_, value_map_;
  RadialNetwork<Scalar> key_radial_, value_radial_;
  Graph graph_;
  bool has_gradient_ = false, has_tangent_ = false;
  Buffers value_, tangent_, gradient_, d_gradient_;
  Buffer<Scalar> messages_, d_messages_, g_messages_, dg_messages_;
  Buffer<Scalar> gradient_of_result_, g_radial_, dg_radial_, work_;
};

/// Attention between features given as values: Attention<irreps<"32x0e+16x1o">,
/// irreps<"1x0e+1x1o">, irreps<"32x0e+16x1o">>{{.heads = 4, .cutoff = 5.0}}.
template <auto In, auto Edge, auto Out, class Scalar = float>
using Attention = attention<features_of<In>, features_of<Edge>, features_of<Out>, Scalar>;

}  // namespace gsteer
