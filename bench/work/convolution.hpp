// SPDX-License-Identifier: MIT
// Convolutions of ours as Passes.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "gsteer/core/random.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/train/initialization.hpp"
#include "work/work.hpp"

namespace bench {

template <auto In, auto Out, int Kernel>
struct ConvolutionBench {
  static constexpr int dimension = gsteer::features_of<In>::group::dimension;
  using Layer =
      gsteer::steerable_conv<dimension, gsteer::features_of<In>, gsteer::features_of<Out>, Kernel>;
  using Input = gsteer::GridField<In>;
  using Output = gsteer::GridField<Out>;

  ConvolutionBench(const ConvolutionShape& s, Method method) : shape(s), layer(options(s, method)) {
    initialize(layer, gsteer::Rng{1});
    x = random<Input>(shape.batch, shape.size, 2);
  }

  static gsteer::ConvolutionOptions options(const ConvolutionShape& shape, Method method) {
    using gsteer::ConvolutionMethod;
    return {.stride = shape.stride,
            .padding = shape.padding(),
            .bias = false,
            .method = method == Method::dense      ? ConvolutionMethod::dense
                      : method == Method::harmonic ? ConvolutionMethod::harmonic
                                                   : ConvolutionMethod::automatic};
  }

  template <class Field>
  static Field random(int batch, int size, std::uint64_t seed) {
    gsteer::Grid<dimension> grid;
    for (int& n : grid.sizes) n = size;
    Field field(batch, grid);
    gsteer::Rng rng(seed);
    for (auto& v : field.values()) v = static_cast<float>(rng.normal());
    return field;
  }

  void step() {
    // A network moves its fields from layer to layer; here the last gradient is the next input.
    if (gradient.empty()) gradient = random<Output>(shape.batch, shape.output(), 3);
    layer.forward(std::move(x));
    x = layer.backward(gradient);
  }

  static Passes make(const ConvolutionShape& shape, Method method) {
    const auto b = std::make_shared<ConvolutionBench>(shape, method);
    const auto frozen = std::make_shared<decltype(b->layer.freeze())>(b->layer.freeze());
    return {[b, frozen] { frozen->forward(Input::map(b->x.data(), b->x.batch(), b->x.space())); },
            [b] {
              if (b->gradient.empty()) b->step();
              b->layer.backward(b->gradient);
            },
            [b] { b->step(); }};
  }

  ConvolutionShape shape;
  Layer layer;
  Input x;
  Output gradient;  ///< empty before the first step
};

template <auto In, auto Out, int Kernel>
GridWork convolution(std::string name, int batch, int size, int stride = 1) {
  constexpr int dimension = gsteer::features_of<In>::group::dimension;
  return {std::move(name),
          {dimension, batch, size, In.size(), Out.size(), Kernel, stride},
          &ConvolutionBench<In, Out, Kernel>::make};
}

template <auto F, int Kernel>
GridWork convolution(std::string name, int batch, int size, int stride = 1) {
  return convolution<F, F, Kernel>(std::move(name), batch, size, stride);
}

}  // namespace bench
