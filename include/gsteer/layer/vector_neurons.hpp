// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/field/graph.hpp"
#include "gsteer/layer/irreps_linear.hpp"
#include "gsteer/layer/kernels/vector_neurons.hpp"
#include "gsteer/layer/layer.hpp"

namespace gsteer {

// Vector neurons (Deng, Litany, Duan, Poulenard, Tagliasacchi, Guibas, ICCV 2021): networks whose
// neurons are vectors, irreps<"Cx1o">, or any irreps, because all that they use is that inner
// products are invariant. Their linear map (VN-Linear) is IrrepsLinear<irreps<"16x1o">,
// irreps<"32x1o">>, their mean over a cloud (VN-MeanPool) is GraphPool, and what is here completes
// them.

/// Settings of VNReLU.
struct VNReLUOptions {
  double slope = 0;  ///< what is kept of the part that ReLU cuts off, in [0, 1]: leaky
};

/// The ReLU of vector neurons, VN-LeakyReLU with its linear map: every vector is cut at a plane
/// whose normal is learned,
///   y = q if <q, k> >= 0, else q - (1 - slope) <q, k> k / |k|^2,   q = W x, k = U x.
/// Where k vanishes y = q. Equal to the ReLU of W x if there is one component and k > 0. Continuous
/// except at k = 0, with a kink at <q, k> = 0. Use the alias VNReLU.
template <class In, class Out, class Scalar_ = float>
class vn_relu {
 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;
  using Input = Field<In, Scalar, Point>;
  using Output = Field<Out, Scalar, Point>;

  /// \throws Error unless the slope is in [0, 1]
  explicit vn_relu(VNReLUOptions options = {}) : slope_(static_cast<Scalar>(options.slope)) {
    expect(options.slope >= 0 && options.slope <= 1, "VNReLU: expected a slope in [0, 1], got ",
           options.slope);
  }

  /// [batch, in] -> [batch, out]
  Output forward(const Input& x) {
    q_ = feature_.forward(x);
    k_ = direction_.forward(x);
    return cut(slope_, q_, k_);
  }
  Input backward(const Output& gradient) {
    detail::check_gradient("VNReLU", gradient, q_.batch(), Point{});
    Output gq(q_.batch()), gk(q_.batch());
    detail::relu_along_backward(irrep_list<Out>(), q_.batch(), slope_, q_.data(), k_.data(),
                                gradient.data(), gq.data(), gk.data());
    auto sum = feature_.backward(gq);
    const auto by_direction = direction_.backward(gk);
    for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += by_direction.data()[i];
    return sum;
  }

  auto freeze() const {
    return make_frozen<In, Out, Scalar>(
        [feature = feature_.freeze(), direction = direction_.freeze(), slope = slope_](
            const Input& x) { return cut(slope, feature.forward(x), direction.forward(x)); });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit("feature.weight", feature_.weight);
    visit("direction.weight", direction_.weight);
  }
  /// Weights N(0, 1), as those of IrrepsLinear.
  void initialize(Rng& rng) {
    feature_.initialize(rng);
    direction_.initialize(rng);
  }

 private:
  static Output cut(Scalar slope, const Output& q, const Output& k) {
    Output y(q.batch());
    detail::relu_along(irrep_list<Out>(), q.batch(), slope, q.data(), k.data(), y.data());
    return y;
  }

  Scalar slope_;
  irreps_linear<In, Out, Scalar> feature_, direction_;
  Output q_, k_;
};

/// The max pooling of vector neurons, VN-MaxPool, over the nodes of each graph of a batch, [node,
/// F] -> [graph, F]: of each channel the vector with the largest <x, k>, k = W x; of equal ones
/// the first. Equivariant, and invariant under the order of nodes. The gradient goes to the vectors
/// that were chosen. W has none, a choice being constant where it is differentiable: it stays as it
/// was drawn, and is saved with the network. Use the alias VNMaxPool.
template <class F, class Scalar_ = float>
class vn_max_pool {
 public:
  using in = F;
  using out = F;
  using Scalar = Scalar_;
  using Points = Field<F, Scalar, Point>;

  vn_max_pool() {
    direction_.weight =
        Parameter<Scalar>(static_cast<int>(direction_.weight.value.size()), 0, false);
  }

  /// \throws Error unless there is a feature vector for every node
  Points forward(const Points& x, const Graph& graph) {
    nodes_ = graph.nodes();
    return choose(x, graph, direction_.freeze(), chosen_);
  }
  Points backward(const Points& gradient) const {
    const int graphs = static_cast<int>(chosen_.size() / static_cast<std::size_t>(F::fields));
    expect(nodes_ > 0, "VNMaxPool: backward before forward");
    expect(gradient.batch() == graphs, "VNMaxPool: expected a gradient of ", graphs,
           " graphs, got ", gradient.batch());
    Points result(nodes_);
    for_each_vector(graphs, [&](int g, std::size_t vector, int channel, int size) {
      for (int c = channel; c < channel + size; ++c) result(chosen_[vector], c) = gradient(g, c);
    });
    return result;
  }

  /// For use: forward(x, graph) is const and may be called from many threads.
  class Frozen {
   public:
    using in = F;
    using out = F;
    using Scalar = Scalar_;
    explicit Frozen(const vn_max_pool& layer) : direction_(layer.direction_.freeze()) {}
    Points forward(const Points& x, const Graph& graph) const {
      std::vector<int> chosen;
      return choose(x, graph, direction_, chosen);
    }
    const Frozen& freeze() const { return *this; }

   private:
    decltype(std::declval<const irreps_linear<F, F, Scalar>&>().freeze()) direction_;
  };
  Frozen freeze() const { return Frozen(*this); }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit("direction.weight", direction_.weight);
  }
  void initialize(Rng& rng) { direction_.initialize(rng); }

 private:
  /// body(graph, number of the vector among all, first channel, components)
  template <class Body>
  static void for_each_vector(int graphs, const Body& body) {
    std::size_t vector = 0;
    for (int g = 0; g < graphs; ++g) {
      int channel = 0;
      for (const auto& block : irrep_list<F>())
        for (int u = 0; u < block.copies; ++u, channel += irrep_dimension(block.label))
          body(g, vector++, channel, irrep_dimension(block.label));
    }
  }
  template <class Direction>
  static Points choose(const Points& x, const Graph& graph, const Direction& direction,
                       std::vector<int>& chosen) {
    expect(graph.nodes() > 0 && x.batch() == graph.nodes(),
           "VNMaxPool: expected features of the nodes of a graph, ", graph.nodes(), ", got ",
           x.batch());
    const Points k = direction.forward(x);
    Points y(graph.graphs());
    chosen.assign(static_cast<std::size_t>(graph.graphs()) * F::fields, 0);
    for_each_vector(graph.graphs(), [&](int g, std::size_t vector, int channel, int size) {
      Scalar largest = 0;
      for (int node = graph.first_node(g); node < graph.first_node(g + 1); ++node) {
        Scalar overlap = 0;
        for (int c = channel; c < channel + size; ++c) overlap += x(node, c) * k(node, c);
        if (node > graph.first_node(g) && !(overlap > largest)) continue;
        largest = overlap;
        chosen[vector] = node;
      }
      for (int c = channel; c < channel + size; ++c) y(g, c) = x(chosen[vector], c);
    });
    return y;
  }

  irreps_linear<F, F, Scalar> direction_;
  std::vector<int> chosen_;  // [graph][vector]
  int nodes_ = 0;
};

namespace detail {

/// One invariant for each pair of a vector of In and a vector of Vectors that are of one irrep.
template <class In, class Vectors>
inline constexpr auto inner_products = spell_irreps<typename In::group>([] {
  return IrrepList{{{}, pair_count(irrep_list<In>(), irrep_list<Vectors>())}};
});

}  // namespace detail

/// The invariant head of vector neurons (VN-Invariant): inner products of all vectors with a few
/// that are made of them, so that these serve as a frame that turns along,
///   y(c, k) = <x(c), t(k)>,   t = U x in the irreps Vectors (the paper has 3x1o).
/// One channel 0e for each pair of equal irreps, [c][k]; also under reflections, because both
/// change their sign. Use the alias VNInvariant.
template <class In, class Vectors, class Scalar_ = float>
class vn_invariant {
 public:
  using in = In;
  using out = features_of<detail::inner_products<In, Vectors>>;
  using Scalar = Scalar_;
  using Input = Field<In, Scalar, Point>;
  using Frame = Field<Vectors, Scalar, Point>;
  using Output = Field<out, Scalar, Point>;

  /// [batch, in] -> [batch, out]
  Output forward(const Input& x) {
    x_ = x;
    frame_ = map_.forward(x);
    return products(x_, frame_);
  }
  Input backward(const Output& gradient) {
    detail::check_gradient("VNInvariant", gradient, x_.batch(), Point{});
    Input d(x_.batch());
    Frame d_frame(x_.batch());
    const IrrepList vectors = irrep_list<In>(), frames = irrep_list<Vectors>();
    detail::InnerProducts<Scalar>{vectors, frames, x_.batch()}.backward(
        x_.data(), frame_.data(), gradient.data(), d.data(), d_frame.data());
    const auto by_frame = map_.backward(d_frame);
    for (std::size_t i = 0; i < d.size(); ++i) d.data()[i] += by_frame.data()[i];
    return d;
  }

  auto freeze() const {
    return make_frozen<In, out, Scalar>(
        [map = map_.freeze()](const Input& x) { return products(x, map.forward(x)); });
  }

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit("frame.weight", map_.weight);
  }
  void initialize(Rng& rng) { map_.initialize(rng); }

 private:
  static Output products(const Input& x, const Frame& frame) {
    Output y(x.batch());
    const IrrepList vectors = irrep_list<In>(), frames = irrep_list<Vectors>();
    detail::InnerProducts<Scalar>{vectors, frames, x.batch()}.forward(x.data(), frame.data(),
                                                                      y.data());
    return y;
  }

  irreps_linear<In, Vectors, Scalar> map_;
  Input x_;
  Frame frame_;
};

/// VNReLU<irreps<"8x1o">, irreps<"16x1o">>{{.slope = 0.2}}
template <auto In, auto Out, class Scalar = float>
using VNReLU = vn_relu<features_of<In>, features_of<Out>, Scalar>;

/// VNMaxPool<irreps<"16x1o">>{}
template <auto F, class Scalar = float>
using VNMaxPool = vn_max_pool<features_of<F>, Scalar>;

/// VNInvariant<irreps<"16x1o">, irreps<"3x1o">>{} gives irreps<"48x0e">.
template <auto In, auto Vectors, class Scalar = float>
using VNInvariant = vn_invariant<features_of<In>, features_of<Vectors>, Scalar>;

}  // namespace gsteer
