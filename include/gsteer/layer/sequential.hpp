// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "gsteer/layer/children.hpp"
#include "gsteer/layer/grid_trace.hpp"
#include "gsteer/layer/layer.hpp"
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

 public:
  using in = typename First::in;
  using out = typename detail::chain<First, Rest...>::out;
  using Scalar = typename First::Scalar;

  explicit Sequential(First first, Rest... rest) : layers_(std::move(first), std::move(rest)...) {}

  /// The result for training. \throws Error as the layers do
  template <class Space>
  auto forward(Field<in, Scalar, Space> x) {
    return forward_from<0>(layers_, std::move(x));
  }
  template <class Space>
  auto forward(Field<in, Scalar, Space> x) const {
    return forward_from<0>(layers_, std::move(x));
  }

  /// The gradient with respect to the input, from that with respect to the output of the last
  /// forward.
  template <class Space>
  auto backward(Field<out, Scalar, Space> gradient) {
    return backward_from<sizeof...(Rest)>(std::move(gradient));
  }

  auto freeze() const {
    return std::apply([](const auto&... layer) { return gsteer::Sequential(layer.freeze()...); },
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

  template <class Visit>
  void visit_parameters(Visit&& visit) {
    detail::visit_parameters_of_children(*this, visit);
  }
  template <class Visit>
  void visit_linear_maps(Visit&& visit) {
    detail::visit_linear_maps_of_children(*this, visit);
  }
  template <class Visit>
  void visit_generators(Visit&& visit) {
    detail::visit_generators_of_children(*this, visit);
  }

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
  std::optional<Grid<2>> trace(const std::string& name, const Grid<2>& input,
                               std::vector<GridStep>& steps) const {
    std::optional<Grid<2>> grid = input;
    for_each_layer([&](const std::string& index, const auto& l) {
      if (grid) grid = trace_grid(name.empty() ? index : name + "." + index, l, *grid, steps);
    });
    return grid;
  }

 private:
  template <std::size_t I, class Layers, class X>
  static auto forward_from(Layers& layers, X x) {
    if constexpr (I == sizeof...(Rest))
      return std::get<I>(layers).forward(std::move(x));
    else
      return forward_from<I + 1>(layers, std::get<I>(layers).forward(std::move(x)));
  }
  template <std::size_t I, class G>
  auto backward_from(G gradient) {
    if constexpr (I == 0)
      return std::get<0>(layers_).backward(std::move(gradient));
    else
      return backward_from<I - 1>(std::get<I>(layers_).backward(std::move(gradient)));
  }

  std::tuple<First, Rest...> layers_;
};

}  // namespace gsteer
