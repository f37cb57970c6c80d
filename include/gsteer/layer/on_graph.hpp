// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <utility>

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/layer.hpp"

namespace gsteer {

/// A layer that looks at a graph: forward(x, graph).
template <class Layer>
concept graph_layer = requires(Layer& layer,
                               const Field<typename Layer::in, typename Layer::Scalar, Point>& x,
                               const Graph& graph) {
  layer.forward(x, graph);
};

/// What a layer that looks at a graph gives back: the gradients with respect to features and
/// positions.
template <class Features, class Scalar>
struct GraphGradient {
  Field<Features, Scalar, Point> features;
  Eigen::MatrixXd positions;  ///< 3 x nodes
};

namespace detail {

// A network on graphs has layers that look at the graph, and layers that look at each node by
// itself. Each is handed what it takes: the graph going forward, the vectors of the edges (their
// tangents, or what collects their gradients) in the passes of derivatives. See layer.hpp.

template <bool OnGraph, std::size_t Given>
constexpr void check_over_graph() {
  static_assert(!OnGraph || Given == 1,
                "gsteer: a network on graphs is given the graph, and the vectors of its edges in "
                "the passes of derivatives: forward(x, graph), backward(gradient, d_vectors)");
}

template <class Layer, class X, class... Over>
auto forward_with(Layer& layer, X x, const Over&... graph) {
  if constexpr (requires { layer.forward(std::move(x), graph...); })
    return layer.forward(std::move(x), graph...);
  else
    return layer.forward(std::move(x));
}

template <class Layer, class G, class... Vectors>
auto backward_with(Layer& layer, G g, Vectors&... d_vectors) {
  if constexpr (requires { layer.backward(std::move(g), d_vectors...); })
    return layer.backward(std::move(g), d_vectors...);
  else
    return layer.backward(std::move(g));
}

template <class Layer, class G, class... Vectors>
auto backward_input_with(Layer& layer, G g, Vectors&... d_vectors) {
  if constexpr (requires { layer.backward_input(std::move(g), d_vectors...); }) {
    return layer.backward_input(std::move(g), d_vectors...);
  } else {
    static_assert(
        requires { layer.backward_input(std::move(g)); },
        "gsteer: a layer of this network has no second derivatives, which training on "
        "forces needs (layer/layer.hpp); IrrepsLinear and Gate have them");
    return layer.backward_input(std::move(g));
  }
}

template <class Layer, class X, class... Vectors>
auto forward_tangent_with(Layer& layer, X dx, const Vectors&... d_vectors) {
  if constexpr (requires { layer.forward_tangent(std::move(dx), d_vectors...); })
    return layer.forward_tangent(std::move(dx), d_vectors...);
  else
    return layer.forward_tangent(std::move(dx));
}

template <class Layer, class G, class... Vectors>
auto backward_tangent_with(Layer& layer, G dg, Vectors... dd_vectors) {
  if constexpr (requires { layer.backward_tangent(std::move(dg), dd_vectors...); }) {
    return layer.backward_tangent(std::move(dg), dd_vectors...);
  } else {
    static_assert(
        requires { layer.backward_tangent(std::move(dg)); },
        "gsteer: a layer of this network has no second derivatives; its function needs "
        "one, like silu and tanh");
    return layer.backward_tangent(std::move(dg));
  }
}

}  // namespace detail
}  // namespace gsteer
