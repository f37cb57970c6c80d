// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "gsteer/layer/fusion.hpp"
#include "gsteer/layer/grid_trace.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/on_graph.hpp"
#include "gsteer/layer/parameter.hpp"

namespace gsteer {

namespace detail {

/// The rule of a chain, one line for each joint, so that a compiler names the two fields that
/// differ.
template <class Produced, class Accepted>
struct joint {
  static_assert(std::is_same_v<Produced, Accepted>,
                "gsteer: a layer must accept the field that the layer before it produces");
  static constexpr bool holds = std::is_same_v<Produced, Accepted>;
};

template <class... Layers>
struct chain;
template <class Last>
struct chain<Last> {
  static constexpr bool holds = true;
  using out = typename Last::out;
};
template <class First, class Second, class... Rest>
struct chain<First, Second, Rest...> {
  static constexpr bool holds =
      joint<typename First::out, typename Second::in>::holds && chain<Second, Rest...>::holds;
  using out = typename chain<Second, Rest...>::out;
};

}  // namespace detail

/// Layers one after the other: a network. `Sequential{Conv2d<image, hidden, 7>{}, ReLU<hidden>{}}`.
/// Neighbors must agree on the field between them, or it does not compile.
template <class First, class... Rest>
class Sequential {
  static_assert(detail::chain<First, Rest...>::holds);
  static_assert((std::is_same_v<typename First::Scalar, typename Rest::Scalar> && ...),
                "gsteer: all layers of a network compute in float, or all in double");

  static constexpr bool on_graph = graph_layer<First> || (graph_layer<Rest> || ...);

 public:
  using in = typename First::in;
  using out = typename detail::chain<First, Rest...>::out;
  using Scalar = typename First::Scalar;

  explicit Sequential(First first, Rest... rest) : layers_(std::move(first), std::move(rest)...) {}

  /// The result for training; over a graph, forward(x, graph), each layer is given the graph if it
  /// takes one. \throws Error as the layers do
  template <class Space, class... Over>
  auto forward(Field<in, Scalar, Space> x,
               const Over&... graph) requires(on_graph || sizeof...(Over) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Over)>();
    return up(layers_, std::move(x), [&](auto& layer, auto&& y) {
      return detail::forward_with(layer, std::move(y), graph...);
    });
  }
  template <class Space, class... Over>
  auto forward(Field<in, Scalar, Space> x, const Over&... graph) const
      requires(on_graph || sizeof...(Over) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Over)>();
    return up(layers_, std::move(x), [&](const auto& layer, auto&& y) {
      return detail::forward_with(layer, std::move(y), graph...);
    });
  }

  /// The gradient with respect to the input, from that with respect to the output of the last
  /// forward. Over a graph, backward(gradient, d_vectors) also adds the gradient with respect to
  /// the vectors of the edges to d_vectors, 3 x edges.
  template <class Space, class... Vectors>
  auto backward(Field<out, Scalar, Space> gradient,
                Vectors&... d_vectors) requires(on_graph || sizeof...(Vectors) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Vectors)>();
    return down(std::move(gradient), [&](auto& layer, auto&& g) {
      return detail::backward_with(layer, std::move(g), d_vectors...);
    });
  }

  /// The second derivatives of layer.hpp, for layers that have them.
  template <class... Vectors>
  auto backward_input(Field<out, Scalar, Point> gradient,
                      Vectors&... d_vectors) requires(on_graph || sizeof...(Vectors) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Vectors)>();
    return down(std::move(gradient), [&](auto& layer, auto&& g) {
      return detail::backward_input_with(layer, std::move(g), d_vectors...);
    });
  }
  template <class... Vectors>
  auto forward_tangent(Field<in, Scalar, Point> dx,
                       const Vectors&... d_vectors) requires(on_graph || sizeof...(Vectors) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Vectors)>();
    return up(layers_, std::move(dx), [&](auto& layer, auto&& dy) {
      return detail::forward_tangent_with(layer, std::move(dy), d_vectors...);
    });
  }
  template <class... Vectors>
  auto backward_tangent(Field<out, Scalar, Point> d_gradient,
                        Vectors... dd_vectors) requires(on_graph || sizeof...(Vectors) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Vectors)>();
    return down(std::move(d_gradient), [&](auto& layer, auto&& dg) {
      return detail::backward_tangent_with(layer, std::move(dg), dd_vectors...);
    });
  }

  /// The layers for use, fewer where one takes in the one after it (fusion.hpp).
  auto freeze() const {
    return std::apply(
        [](const auto& first, const auto&... rest) {
          return std::apply([](auto&&... layer) { return gsteer::Sequential(std::move(layer)...); },
                            detail::fused(std::tuple(first.freeze()), rest.freeze()...));
        },
        layers_);
  }

  template <std::size_t I>
  auto& layer() {
    return std::get<I>(layers_);
  }
  template <std::size_t I>
  const auto& layer() const {
    return std::get<I>(layers_);
  }
  static constexpr std::size_t size() { return 1 + sizeof...(Rest); }

  /// visit(name, layer) for each layer, outermost first.
  template <class Visit>
  void for_each_layer(Visit&& visit) {
    std::size_t i = 0;
    std::apply([&](auto&... layer) { (visit(std::to_string(i++), layer), ...); }, layers_);
  }
  template <class Visit>
  void for_each_layer(Visit&& visit) const {
    std::size_t i = 0;
    std::apply([&](const auto&... layer) { (visit(std::to_string(i++), layer), ...); }, layers_);
  }

  /// See trace_grid.
  template <int Dimension>
  std::optional<Grid<Dimension>> trace(const std::string& name, const Grid<Dimension>& input,
                                       std::vector<GridStep<Dimension>>& steps) const {
    std::optional<Grid<Dimension>> grid = input;
    for_each_layer([&](const std::string& index, const auto& l) {
      if (grid) grid = trace_grid(name.empty() ? index : name + "." + index, l, *grid, steps);
    });
    return grid;
  }

 private:
  /// pass(layer, x) from the first layer to the last.
  template <std::size_t I = 0, class Layers, class X, class Pass>
  static auto up(Layers& layers, X x, const Pass& pass) {
    if constexpr (I == sizeof...(Rest))
      return pass(std::get<I>(layers), std::move(x));
    else
      return up<I + 1>(layers, pass(std::get<I>(layers), std::move(x)), pass);
  }
  /// pass(layer, g) from the last layer to the first.
  template <std::size_t I = sizeof...(Rest), class G, class Pass>
  auto down(G g, const Pass& pass) {
    if constexpr (I == 0)
      return pass(std::get<0>(layers_), std::move(g));
    else
      return down<I - 1>(pass(std::get<I>(layers_), std::move(g)), pass);
  }

  std::tuple<First, Rest...> layers_;
};

}  // namespace gsteer
