// SPDX-License-Identifier: MIT
#pragma once

#include "gsteer/train/optimizer.hpp"

namespace gsteer {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  /// Decoupled (AdamW): every parameter, biases included, shrinks by learning_rate * weight_decay a
  /// step.
  double weight_decay = 0;
  bool amsgrad = false;  ///< divide by the largest second moment so far
};

/// Adam: `Adam optimizer{net, {.learning_rate = 1e-3}};`
///   m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2,
///   w <- (1 - learning_rate weight_decay) w - learning_rate (m / (1 - beta1^t)) / (sqrt(v / (1 -
///   beta2^t)) + epsilon)
/// (Kingma and Ba, ICLR 2015; Loshchilov and Hutter, ICLR 2019; amsgrad: Reddi, Kale and Kumar,
/// ICLR 2018; as in PyTorch). See the concept `optimizer` for the rules all optimizers share.
template <class Scalar>
class Adam {
 public:
  /// \throws Error if an option is out of its range
  template <trainable<Scalar> Net>
  explicit Adam(Net& net, const AdamOptions& options = {})
      : options_(options),
        parameters_(name(), net, options.learning_rate),
        first_(parameters_.zeros()),
        second_(parameters_.zeros()) {
    detail::check_fraction(name(), "beta1", options.beta1);
    detail::check_fraction(name(), "beta2", options.beta2);
    detail::check_not_negative(name(), "a weight decay", options.weight_decay);
    expect(static_cast<Scalar>(options.epsilon) > 0 && std::isfinite(options.epsilon),
           "Adam: expected an epsilon > 0, got ", options.epsilon);
    if (options.amsgrad) largest_ = parameters_.zeros();
  }

  void step() {
    const auto t = static_cast<double>(parameters_.steps + 1);
    const double rate = parameters_.learning_rate;
    const auto length = static_cast<Scalar>(rate / (1 - std::pow(options_.beta1, t)));
    const auto correction = static_cast<Scalar>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
    const auto keep = static_cast<Scalar>(1 - rate * options_.weight_decay);
    const auto beta1 = static_cast<Scalar>(options_.beta1),
               beta2 = static_cast<Scalar>(options_.beta2);
    const auto share1 = static_cast<Scalar>(1 - options_.beta1),
               share2 = static_cast<Scalar>(1 - options_.beta2);
    const auto epsilon = static_cast<Scalar>(options_.epsilon);
    parameters_.step([&](std::size_t i, Parameter<Scalar>& p) {
      Scalar* const m = first_[i].data();
      Scalar* const v = second_[i].data();
      Scalar* const largest = largest_.empty() ? nullptr : largest_[i].data();
      for (std::size_t k = 0; k < p.value.size(); ++k) {
        const Scalar g = p.gradient[k];
        m[k] = beta1 * m[k] + share1 * g;
        v[k] = beta2 * v[k] + share2 * g * g;
        if (largest) largest[k] = std::max(largest[k], v[k]);
        const Scalar scale = std::sqrt(largest ? largest[k] : v[k]) * correction + epsilon;
        p.value[k] = keep * p.value[k] - length * m[k] / scale;
      }
    });
  }

  static const char* name() { return "Adam"; }
  double learning_rate() const { return parameters_.learning_rate; }
  void set_learning_rate(double rate) { parameters_.set_learning_rate(rate); }
  std::int64_t steps() const { return parameters_.steps; }

  template <class Visit>
  void visit_state(Visit&& visit) {
    parameters_.visit_buffers(visit, "first_moment", first_);
    parameters_.visit_buffers(visit, "second_moment", second_);
    parameters_.visit_buffers(visit, "largest_second_moment", largest_);
    parameters_.visit_progress(visit);
  }

 private:
  AdamOptions options_;
  detail::TrainedParameters<Scalar> parameters_;
  std::vector<Buffer<Scalar>> first_, second_, largest_;
};

template <class Net>
Adam(Net&, const AdamOptions& = {}) -> Adam<typename Net::Scalar>;

static_assert(optimizer<Adam<float>>);

}  // namespace gsteer
