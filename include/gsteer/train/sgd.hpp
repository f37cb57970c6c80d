// SPDX-License-Identifier: MIT
#pragma once

#include "gsteer/train/optimizer.hpp"

namespace gsteer {

struct SGDOptions {
  double learning_rate = 0.1;
  double momentum = 0;
  bool nesterov = false;  ///< step along the gradient to come; needs a momentum
  double weight_decay =
      0;  ///< adds weight_decay * w to the gradient of every parameter, biases included
};

/// Stochastic gradient descent: `SGD optimizer{net, {.learning_rate = 0.1, .momentum = 0.9}};`
///   g = gradient + weight_decay w,   v <- momentum v + g,   w <- w - learning_rate v,
/// with Nesterov's momentum w <- w - learning_rate (g + momentum v) (Sutskever et al., ICML 2013;
/// as in PyTorch). See the concept `optimizer` for the rules all optimizers share.
template <class Scalar>
class SGD {
 public:
  /// \throws Error if an option is out of its range
  template <trainable<Scalar> Net>
  explicit SGD(Net& net, const SGDOptions& options = {})
      : options_(options), parameters_(name(), net, options.learning_rate) {
    detail::check_fraction(name(), "a momentum", options.momentum);
    detail::check_not_negative(name(), "a weight decay", options.weight_decay);
    expect(!options.nesterov || options.momentum > 0,
           "SGD: expected a momentum > 0 with nesterov, got 0");
    if (options.momentum > 0) velocity_ = parameters_.zeros();
  }

  void step() {
    const auto rate = static_cast<Scalar>(parameters_.learning_rate),
               decay = static_cast<Scalar>(options_.weight_decay),
               momentum = static_cast<Scalar>(options_.momentum);
    parameters_.step([&](std::size_t i, Parameter<Scalar>& p) {
      Scalar* const v = velocity_.empty() ? nullptr : velocity_[i].data();
      for (std::size_t k = 0; k < p.value.size(); ++k) {
        Scalar along = p.gradient[k] + decay * p.value[k];
        if (v) {
          v[k] = momentum * v[k] + along;
          along = options_.nesterov ? along + momentum * v[k] : v[k];
        }
        p.value[k] -= rate * along;
      }
    });
  }

  static const char* name() { return "SGD"; }
  double learning_rate() const { return parameters_.learning_rate; }
  void set_learning_rate(double rate) { parameters_.set_learning_rate(rate); }
  std::int64_t steps() const { return parameters_.steps; }

  template <class Visit>
  void visit_state(Visit&& visit) {
    parameters_.visit_buffers(visit, "velocity", velocity_);
    parameters_.visit_progress(visit);
  }

 private:
  SGDOptions options_;
  detail::TrainedParameters<Scalar> parameters_;
  std::vector<Buffer<Scalar>> velocity_;
};

template <class Net>
SGD(Net&, const SGDOptions& = {}) -> SGD<typename Net::Scalar>;

static_assert(optimizer<SGD<float>>);

}  // namespace gsteer
