// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/layer/grid_trace.hpp"
#include "gsteer/layer/layer.hpp"
#include "gsteer/layer/on_graph.hpp"
#include "gsteer/layer/parameter.hpp"
#include "gsteer/layer/remembered.hpp"

namespace gsteer {

namespace detail {

/// The shortcut of a Residual that has none: x as it is.
template <class F, class Scalar_>
struct unchanged {
  using in = F;
  using out = F;
  using Scalar = Scalar_;
  template <class X>
  X forward(X x) const {
    return x;
  }
  template <class X>
  X backward(X x) const {
    return x;
  }
  template <class X>
  X backward_input(X x) const {
    return x;
  }
  template <class X>
  X forward_tangent(X x) const {
    return x;
  }
  template <class X>
  X backward_tangent(X x) const {
    return x;
  }
  unchanged freeze() const { return *this; }
};

/// body + shortcut. \throws Error if they are of different shape
template <class X>
X add(X body, const X& shortcut) {
  expect(body.batch() == shortcut.batch() && body.space() == shortcut.space(),
         "Residual: the body gives ", body.batch(), " items on ", body.space(), ", the shortcut ",
         shortcut.batch(), " on ", shortcut.space(),
         "; on grids they need the same strides and enough padding");
  auto sum = overwritable(std::move(body));
  parallel_for(sum.batch(), [&](int b) { sum.item(b) += shortcut.item(b); });
  return sum;
}

}  // namespace detail

/// body(x) + shortcut(x), or body(x) + x: Residual{Sequential{...}}, Residual{Sequential{...},
/// Conv2d<in, out, 1>{}}. A sum of two equivariant maps between the same fields is one.
///
/// Names of parameters begin with "body." and "shortcut.".
template <class Body, class Shortcut = detail::unchanged<typename Body::in, typename Body::Scalar>>
class Residual {
  static constexpr bool same_fields = std::is_same_v<typename Body::in, typename Shortcut::in> &&
                                      std::is_same_v<typename Body::out, typename Shortcut::out>;
  static constexpr bool has_shortcut =
      !std::is_same_v<Shortcut, detail::unchanged<typename Body::in, typename Body::Scalar>>;
  static constexpr bool on_graph = graph_layer<Body> || graph_layer<Shortcut>;
  static_assert(same_fields || has_shortcut,
                "gsteer: Residual{body} adds the input to the output, so both must be the same "
                "fields; give it a shortcut, "
                "Residual{body, Conv2d<in, out, 1>{}}");
  static_assert(same_fields || !has_shortcut,
                "gsteer: the body and the shortcut of a Residual must map between the same fields");
  static_assert(
      std::is_same_v<typename Body::Scalar, typename Shortcut::Scalar>,
      "gsteer: the body and the shortcut of a Residual compute both in float, or both in double");

 public:
  using in = typename Body::in;
  using out = typename Body::out;
  using Scalar = typename Body::Scalar;

  explicit Residual(Body body) : body_(std::move(body)) {}
  Residual(Body body, Shortcut shortcut) : body_(std::move(body)), shortcut_(std::move(shortcut)) {}

  /// The sum for training; over a graph, forward(x, graph). \throws Error as the layers do, and if
  /// the two results are of different shape
  template <class Space, class... Over>
  auto forward(Field<in, Scalar, Space> x,
               const Over&... graph) requires(on_graph || sizeof...(Over) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Over)>();
    return both(body_, shortcut_, std::move(x), [&](auto& layer, auto&& part) {
      return detail::forward_with(layer, std::move(part), graph...);
    });
  }
  template <class Space, class... Over>
  auto forward(Field<in, Scalar, Space> x, const Over&... graph) const
      requires(on_graph || sizeof...(Over) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Over)>();
    return both(body_, shortcut_, std::move(x), [&](const auto& layer, auto&& part) {
      return detail::forward_with(layer, std::move(part), graph...);
    });
  }

  /// See Sequential.
  template <class Space, class... Vectors>
  auto backward(Field<out, Scalar, Space> gradient,
                Vectors&... d_vectors) requires(on_graph || sizeof...(Vectors) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Vectors)>();
    return both(body_, shortcut_, std::move(gradient), [&](auto& layer, auto&& g) {
      return detail::backward_with(layer, std::move(g), d_vectors...);
    });
  }
  /// The second derivatives of layer.hpp, for layers that have them.
  template <class... Vectors>
  auto backward_input(Field<out, Scalar, Point> gradient,
                      Vectors&... d_vectors) requires(on_graph || sizeof...(Vectors) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Vectors)>();
    return both(body_, shortcut_, std::move(gradient), [&](auto& layer, auto&& g) {
      return detail::backward_input_with(layer, std::move(g), d_vectors...);
    });
  }
  template <class... Vectors>
  auto forward_tangent(Field<in, Scalar, Point> dx,
                       const Vectors&... d_vectors) requires(on_graph || sizeof...(Vectors) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Vectors)>();
    return both(body_, shortcut_, std::move(dx), [&](auto& layer, auto&& part) {
      return detail::forward_tangent_with(layer, std::move(part), d_vectors...);
    });
  }
  template <class... Vectors>
  auto backward_tangent(Field<out, Scalar, Point> d_gradient,
                        Vectors... dd_vectors) requires(on_graph || sizeof...(Vectors) == 0) {
    detail::check_over_graph<on_graph, sizeof...(Vectors)>();
    return both(body_, shortcut_, std::move(d_gradient), [&](auto& layer, auto&& dg) {
      return detail::backward_tangent_with(layer, std::move(dg), dd_vectors...);
    });
  }

  auto freeze() const {
    using FrozenBody = std::remove_cvref_t<decltype(body_.freeze())>;
    using FrozenShortcut = std::remove_cvref_t<decltype(shortcut_.freeze())>;
    return Residual<FrozenBody, FrozenShortcut>(body_.freeze(), shortcut_.freeze());
  }

  Body& body() { return body_; }
  const Body& body() const { return body_; }
  Shortcut& shortcut() { return shortcut_; }
  const Shortcut& shortcut() const { return shortcut_; }

  /// visit(name, layer) for the body and, if there is one, the shortcut.
  template <class Visit>
  void for_each_layer(Visit&& visit) {
    visit(std::string("body"), body_);
    if constexpr (has_shortcut) visit(std::string("shortcut"), shortcut_);
  }
  template <class Visit>
  void for_each_layer(Visit&& visit) const {
    visit(std::string("body"), body_);
    if constexpr (has_shortcut) visit(std::string("shortcut"), shortcut_);
  }

  /// See trace_grid.
  template <int Dimension>
  std::optional<Grid<Dimension>> trace(const std::string& name, const Grid<Dimension>& input,
                                       std::vector<GridStep<Dimension>>& steps) const {
    std::optional<Grid<Dimension>> grid;
    for_each_layer([&](const std::string& part, const auto& l) {
      const auto after = trace_grid(name.empty() ? part : name + "." + part, l, input, steps);
      if (part == "body") grid = after;
    });
    return grid;
  }

 private:
  /// pass(body, x) + pass(shortcut, x)
  template <class B, class S, class X, class Pass>
  static auto both(B& body, S& shortcut, X x, const Pass& pass) {
    auto y = pass(body, X(std::as_const(x)));
    return detail::add(std::move(y), pass(shortcut, std::move(x)));
  }

  Body body_;
  Shortcut shortcut_;
};

template <class Body>
Residual(Body) -> Residual<Body>;
template <class Body, class Shortcut>
Residual(Body, Shortcut) -> Residual<Body, Shortcut>;

}  // namespace gsteer
