// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/layer/parameter.hpp"

namespace gsteer {

/// What an optimizer is: an object that points to the parameters of one network and changes them by
/// their gradients.
///
///   step()            one update; then sets all gradients to 0, ready for the next backward.
///                     Gradients of several backward passes before a step add up.
///                     Error, before anything has changed, if a gradient is not finite
///   learning_rate(), set_learning_rate(rate)
///   steps()           how many there have been, for a schedule
///   visit_state(f)    f(name, std::span<T>) for all that the next step depends on besides the
///                     network and the options of the constructor; T is the network's Scalar,
///                     double or std::int64_t
///   name()            "Adam", for messages and checkpoints
///
/// The network must stay where it is for as long as the optimizer is used: a moved network has its
/// parameters elsewhere.
template <class T>
concept optimizer = requires(T& o, double rate) {
  { o.step() } -> std::same_as<void>;
  { o.set_learning_rate(rate) } -> std::same_as<void>;
  { o.learning_rate() } -> std::same_as<double>;
  { o.steps() } -> std::same_as<std::int64_t>;
  { T::name() } -> std::convertible_to<std::string>;
  o.visit_state([](const std::string&, auto) {});
};

/// A network, or layer, that computes in `Scalar` and may be changed.
template <class Net, class Scalar>
concept trainable = !std::is_const_v<Net> && std::same_as<typename Net::Scalar, Scalar>;

namespace detail {

/// \throws Error, with the name of the parameter, if a gradient is not finite
template <class Scalar>
void check_gradients(const char* who, const std::vector<NamedParameter<Scalar>>& all) {
  for (const auto& [name, p] : all)
    for (std::size_t i = 0; i < p->gradient.size(); ++i)
      if (!std::isfinite(p->gradient[i]))
        fail(who, ": expected finite gradients, got ", p->gradient[i], " in element ", i, " of ",
             name, "; nothing was changed");
}

/// The trained parameters of a network, and what the optimizers have in common.
template <class Scalar>
class TrainedParameters {
 public:
  template <class Net>
  TrainedParameters(const char* who, Net& net, double rate) : who_(who) {
    for (const auto& named : parameters(net))
      if (named.parameter->trained) all_.push_back(named);
    expect(!all_.empty(), who, ": the network has no parameters to train");
    set_learning_rate(rate);
  }

  /// update(i, parameter) for each parameter, then zero gradients.
  /// \throws Error if a gradient is not finite
  template <class Update>
  void step(Update&& update) {
    check_gradients(who_, all_);
    ++steps;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      auto& p = *all_[i].parameter;
      update(i, p);
      std::fill(p.gradient.begin(), p.gradient.end(), Scalar{0});
    }
  }

  void set_learning_rate(double rate) {
    expect(std::isfinite(rate) && rate >= 0, who_, ": expected a learning rate >= 0, got ", rate);
    learning_rate = rate;
  }

  /// One buffer of zeros for each parameter, of its size.
  std::vector<Buffer<Scalar>> zeros() const {
    std::vector<Buffer<Scalar>> buffers;
    for (const auto& [name, p] : all_) buffers.emplace_back(p->value.size());
    return buffers;
  }

  template <class Visit>
  void visit_buffers(Visit&& visit, const char* what, std::vector<Buffer<Scalar>>& buffers) {
    for (std::size_t i = 0; i < buffers.size(); ++i)
      visit(all_[i].name + "." + what, std::span<Scalar>(buffers[i].data(), buffers[i].size()));
  }
  template <class Visit>
  void visit_progress(Visit&& visit) {
    visit(std::string("steps"), std::span<std::int64_t>(&steps, 1));
    visit(std::string("learning_rate"), std::span<double>(&learning_rate, 1));
  }

  double learning_rate = 0;
  std::int64_t steps = 0;

 private:
  const char* who_;
  std::vector<NamedParameter<Scalar>> all_;
};

inline void check_fraction(const char* who, const char* what, double value) {
  expect(value >= 0 && value < 1, who, ": expected ", what, " in [0, 1), got ", value);
}
inline void check_not_negative(const char* who, const char* what, double value) {
  expect(std::isfinite(value) && value >= 0, who, ": expected ", what, " >= 0, got ", value);
}

}  // namespace detail
}  // namespace gsteer
