// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "gsteer/field/field.hpp"

namespace gsteer {

// What a layer is: a class with
// - in, out, Scalar: the feature types it maps between (features_of<...>), and float or double
// - forward(x): the result for training; remembers what backward needs. Takes its input by value:
//   a network hands over what nobody else needs
// - backward(gradient): from the gradient with respect to the last result to that with respect to
//   the input; adds to the gradients of its parameters
// - freeze(): the layer for use, an object whose forward(x) is const and may be called from many
//   threads
// and, where it applies,
// - visit_parameters(f): f(name, Parameter&) for each of its parameters
// - visit_linear_maps(f): f(weight, kernel_space, groups) for each expansion in a kernel basis, for
//   the initialization
// - visit_generators(f): f(name, Rng&) for each source of randomness, for checkpoints
// - for_each_layer(f): f(name, layer) for each layer in it, whose parameters and sources of
//   randomness then count as its own, under the name "layer.parameter"
// - windows(grid): how it samples a grid, or output_grid(grid): the grid it makes of one, for the
//   symmetry report
// forward and backward are templates over the space where a layer works on grids and points alike.
//
// A layer of point fields may also offer exact mixed second derivatives, which training on forces
// needs (Potential, layer/potential.hpp). With z = f(x, w), all after forward(x):
// - backward_input(g): J^T g, J = df/dx, and nothing else: the gradients of the parameters stay as
//   they are. Remembers g
// - forward_tangent(dx): J dx, the derivative of the result along dx. Remembers dx
// - backward_tangent(dg): the derivative of J^T g as x moves along dx and g along dg,
//   J^T dg + (dJ/dx . dx)^T g; adds the derivative of (df/dw)^T g to the parameters' gradients
// This is forward mode over reverse mode: double backward, in an order that keeps one direction of
// data flow a pass.

/// A layer in use: any function of a field that is const and safe to call from many threads.
template <class In, class Out, class Scalar_, class Function>
class FrozenLayer {
 public:
  using in = In;
  using out = Out;
  using Scalar = Scalar_;

  explicit FrozenLayer(Function function) : function_(std::move(function)) {}

  template <class Space>
  auto forward(Field<In, Scalar, Space> x) const {
    return function_(std::move(x));
  }
  const FrozenLayer& freeze() const { return *this; }

 private:
  Function function_;
};

/// Wraps a function of a field as a frozen layer.
template <class In, class Out, class Scalar, class Function>
FrozenLayer<In, Out, Scalar, Function> make_frozen(Function function) {
  return FrozenLayer<In, Out, Scalar, Function>(std::move(function));
}

namespace detail {

/// \throws Error unless a gradient has the shape of the result it belongs to, which forward must
/// have given before
template <class Gradient, class Space>
void check_gradient(const char* layer, const Gradient& gradient, int batch, const Space& space) {
  expect(batch > 0, layer, ": backward before forward");
  expect(gradient.batch() == batch && gradient.space() == space, layer, ": expected a gradient of ",
         batch, " items on ", space, ", got ", gradient.batch(), " on ", gradient.space());
}

}  // namespace detail
}  // namespace gsteer
