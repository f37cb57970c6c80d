// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/train/optimizer.hpp"

namespace gsteer {

struct WeightAverageOptions {
  double decay = 0.99;  ///< what is kept of the average at a step, in [0, 1)
};

/// An optimizer that also keeps a running average of the weights, which is smoother than the
/// weights themselves and better on new data:
///   a <- d a + (1 - d) w,   d = min(decay, (1 + t) / (10 + t)) after step t,
/// so that early weights are soon forgotten (Polyak and Juditsky, 1992; the ramp of TensorFlow's
/// ExponentialMovingAverage).
///   WeightAverage optimizer{net, Adam{net, {.learning_rate = 1e-2}}, {.decay = 0.99}};
///   ... optimizer.step(); ...
///   optimizer.swap();   // the network has the averages; swap() again to go on training
/// What is not trained (running statistics) is not averaged.
template <optimizer Optimizer, class Scalar>
class WeightAverage {
 public:
  /// The average begins with the weights that the network has. \throws Error if an option is out of
  /// its range
  template <trainable<Scalar> Net>
  WeightAverage(Net& net, Optimizer wrapped, const WeightAverageOptions& options = {})
      : optimizer_(std::move(wrapped)), decay_(options.decay) {
    detail::check_fraction("WeightAverage", "a decay", options.decay);
    for (const auto& named : parameters(net)) {
      if (!named.parameter->trained) continue;
      parameters_.push_back(named);
      average_.emplace_back(named.parameter->value.size());
      const auto& value = named.parameter->value;
      std::copy(value.begin(), value.end(), average_.back().begin());
    }
  }

  /// \throws Error as the optimizer, and while the averages are swapped in
  void step() {
    expect(swapped_ == 0,
           "WeightAverage: expected the trained weights in the network at a step, "
           "got the averages; call swap() first");
    optimizer_.step();
    const auto t = static_cast<double>(optimizer_.steps());
    const auto keep = static_cast<Scalar>(std::min(decay_, (1 + t) / (10 + t)));
    for (std::size_t i = 0; i < average_.size(); ++i) {
      const Scalar* const w = parameters_[i].parameter->value.data();
      Scalar* const a = average_[i].data();
      for (std::size_t k = 0; k < average_[i].size(); ++k)
        a[k] = keep * a[k] + (Scalar{1} - keep) * w[k];
    }
  }

  /// Exchanges the weights of the network and their averages.
  void swap() {
    for (std::size_t i = 0; i < average_.size(); ++i)
      std::swap_ranges(average_[i].begin(), average_[i].end(),
                       parameters_[i].parameter->value.begin());
    swapped_ = 1 - swapped_;
  }

  static std::string name() { return std::string(Optimizer::name()).append(", averaged"); }
  double learning_rate() const { return optimizer_.learning_rate(); }
  void set_learning_rate(double rate) { optimizer_.set_learning_rate(rate); }
  std::int64_t steps() const { return optimizer_.steps(); }

  template <class Visit>
  void visit_state(Visit&& visit) {
    optimizer_.visit_state(visit);
    for (std::size_t i = 0; i < average_.size(); ++i)
      visit(parameters_[i].name + ".average",
            std::span<Scalar>(average_[i].data(), average_[i].size()));
    visit(std::string("swapped"), std::span<std::int64_t>(&swapped_, 1));
  }

 private:
  Optimizer optimizer_;
  double decay_;
  std::vector<NamedParameter<Scalar>> parameters_;
  std::vector<Buffer<Scalar>> average_;
  std::int64_t swapped_ = 0;
};

template <class Net, class Optimizer>
WeightAverage(Net&, Optimizer, const WeightAverageOptions& = {})
    -> WeightAverage<Optimizer, typename Net::Scalar>;

}  // namespace gsteer
