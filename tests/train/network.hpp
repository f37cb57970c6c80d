// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/group/cyclic.hpp"
#include "gsteer/layer/batch_norm.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/sequential.hpp"
#include "gsteer/train/augmentation.hpp"
#include "gsteer/train/batches.hpp"
#include "gsteer/train/initialization.hpp"
#include "gsteer/train/loss.hpp"

/// Two parameters and a record, without any layer around them: for arithmetic that is checked by
/// hand.
struct Numbers {
  using Scalar = double;
  gsteer::Parameter<double> a{2}, b{1};
  gsteer::Parameter<double> record{1, 5, false};

  Numbers() {
    a.value[0] = 1;
    a.value[1] = -2;
    b.value[0] = 0.5;
  }
  template <class Visit>
  void visit_parameters(Visit&& visit) {
    visit("a", a);
    visit("b", b);
    visit("record", record);
  }
  void set_gradient(double x, double y, double z) {
    a.gradient[0] = x;
    a.gradient[1] = y;
    b.gradient[0] = z;
  }
};

namespace small {

using namespace gsteer;

inline constexpr auto G = C<4>;
inline constexpr auto image = trivial<G>;
inline constexpr auto hidden = 2 * regular<G>;
inline constexpr auto classes = 3 * trivial<G>;

/// A rectifier whose slope is drawn anew for each number: a layer with randomness of its own.
struct NoisyReLU {
  using in = features_of<hidden>;
  using out = in;
  using Scalar = float;

  template <class Space>
  Field<in, float, Space> forward(Field<in, float, Space> x) {
    slopes.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      slopes[i] = x.data()[i] > 0 ? static_cast<float>(rng.uniform(0.5, 1.5)) : 0;
      x.data()[i] *= slopes[i];
    }
    return x;
  }
  template <class Space>
  Field<in, float, Space> backward(Field<in, float, Space> gradient) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient.data()[i] *= slopes[i];
    return gradient;
  }
  template <class Visit>
  void visit_generators(Visit&& visit) {
    visit("slopes", rng);
  }

  Rng rng{5};
  std::vector<float> slopes;
};

/// For pictures of 5 x 5; the result is one pixel. Classes may be 3 * trivial<C<4>> or something
/// else that does not fit a file.
template <auto Classes = classes>
auto network(std::uint64_t seed) {
  Sequential net{Conv2d<image, hidden, 3>{}, BatchNorm<hidden>{}, NoisyReLU{},
                 Conv2d<hidden, Classes, 3>{}};
  initialize(net, Rng{seed});
  return net;
}

/// 12 pictures of noise, brightest in a place that goes with their label.
inline std::pair<GridField<image>, std::vector<int>> data() {
  GridField<image> pictures(12, 5, 5);
  std::vector<int> labels;
  Rng rng(3);
  for (int b = 0; b < 12; ++b) {
    labels.push_back(b % 3);
    for (int i = 0; i < 25; ++i)
      pictures(b, 0, i / 5, i % 5) = static_cast<float>(0.3 * rng.normal() + (i % 3 == b % 3));
  }
  return {pictures, labels};
}

/// Trains over batches [first, last) of the whole training, 3 an epoch; returns the last loss.
template <class Net, class Optimizer>
double train(Net& net, Optimizer& optimizer, Rng& rng, int first, int last) {
  const auto [pictures, labels] = data();
  const Batches batches(12, 4, {.seed = 9});
  double result = 0;
  for (int n = first; n < last; ++n) {
    const auto batch =
        batches.epoch(n / batches.count())[static_cast<std::size_t>(n % batches.count())];
    auto pixel = net.forward(random_transform(select(pictures, batch), rng));
    const auto logits = PointField<classes>::map(pixel.data(), pixel.batch(), Point{});
    auto [loss, gradient] = cross_entropy(logits, select(labels, batch));
    net.backward(GridField<classes>::map(gradient.data(), gradient.batch(), 1, 1));
    optimizer.step();
    result = loss;
  }
  return result;
}

/// All numbers of all parameters.
template <class Net>
std::vector<float> weights(Net& net) {
  std::vector<float> all;
  for (const auto& [name, p] : parameters(net))
    all.insert(all.end(), p->value.begin(), p->value.end());
  return all;
}

}  // namespace small
