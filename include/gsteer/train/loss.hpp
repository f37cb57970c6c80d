// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/field/field.hpp"

namespace gsteer {

/// A number to be made small, and its gradient with respect to what the network gave: `auto [loss,
/// gradient] = ...`.
template <class Output>
struct Loss {
  double value = 0;
  Output gradient;
};

namespace detail {

/// A class cannot depend on how the input is turned: its score must be invariant.
template <class Features>
constexpr bool invariant_scores() {
  for (const auto& item : Features::value.content())
    if (!item.label.is_trivial()) return false;
  return true;
}

template <class Features>
struct scores {
  static_assert(
      invariant_scores<Features>(),
      "gsteer: the scores of classes are invariant: end the network in trivial fields, by "
      "GroupPool, NormPool or Linear<..., n * trivial<G>>");
};

inline void check_labels(const char* who, std::span<const int> labels, int items, int classes) {
  expect(labels.size() == static_cast<std::size_t>(items), who, ": expected one label for each of ",
         items, " items, got ", labels.size());
  for (std::size_t i = 0; i < labels.size(); ++i)
    expect(labels[i] >= 0 && labels[i] < classes, who, ": expected labels in [0, ", classes,
           "), got ", labels[i], " for item ", i);
}

}  // namespace detail

/// The mean over the batch of -log softmax(logits)[label], and its gradient (softmax - target) /
/// batch. With smoothing s the target is 1 - s on the label plus s / classes everywhere.
/// \throws Error if labels are too few, too many or out of range, or a logit is not finite
template <class Features, class Scalar>
Loss<Field<Features, Scalar, Point>> cross_entropy(const Field<Features, Scalar, Point>& logits,
                                                   std::span<const int> labels,
                                                   double smoothing = 0) {
  static_cast<void>(detail::scores<Features>{});
  constexpr int classes = Features::size;
  detail::check_labels("cross_entropy", labels, logits.batch(), classes);
  expect(smoothing >= 0 && smoothing <= 1, "cross_entropy: expected a smoothing in [0, 1], got ",
         smoothing);
  Loss<Field<Features, Scalar, Point>> loss{0, Field<Features, Scalar, Point>(logits.batch())};
  const double share = 1.0 / logits.batch();
  for (int b = 0; b < logits.batch(); ++b) {
    const int label = labels[static_cast<std::size_t>(b)];
    double largest = static_cast<double>(logits(b, 0));
    for (int c = 0; c < classes; ++c) {
      const double z = static_cast<double>(logits(b, c));
      expect(std::isfinite(z), "cross_entropy: expected finite logits, got ", z, " for class ", c,
             " of item ", b);
      largest = std::max(largest, z);
    }
    double sum = 0, mean = 0;  // of the shifted exponentials; of the shifted logits
    for (int c = 0; c < classes; ++c) {
      const double z = static_cast<double>(logits(b, c)) - largest;
      sum += std::exp(z);
      mean += z / classes;
    }
    const double score = static_cast<double>(logits(b, label)) - largest;
    loss.value += share * (std::log(sum) - (1 - smoothing) * score - smoothing * mean);
    for (int c = 0; c < classes; ++c) {
      const double target = smoothing / classes + (c == label ? 1 - smoothing : 0);
      const double probability = std::exp(static_cast<double>(logits(b, c)) - largest) / sum;
      loss.gradient(b, c) = static_cast<Scalar>(share * (probability - target));
    }
  }
  return loss;
}

/// The mean over all numbers of (output - target)^2. An invariant function of the two, whatever
/// their representation, because that is orthogonal: networks trained on it stay equivariant.
/// \throws Error if the shapes differ, or the result is not finite
template <class Features, class Scalar, class Space>
Loss<Field<Features, Scalar, Space>> mean_square_error(
    const Field<Features, Scalar, Space>& output, const Field<Features, Scalar, Space>& target) {
  expect(!output.empty() && output.batch() == target.batch() && output.space() == target.space(),
         "mean_square_error: expected a target of ", output.batch(), " items on ", output.space(),
         ", got ", target.batch(), " on ", target.space());
  Loss<Field<Features, Scalar, Space>> loss{
      0, Field<Features, Scalar, Space>(output.batch(), output.space())};
  const double share = 1 / static_cast<double>(output.size());
  for (std::size_t i = 0; i < output.size(); ++i) {
    const double difference =
        static_cast<double>(output.data()[i]) - static_cast<double>(target.data()[i]);
    loss.value += difference * difference;
    loss.gradient.data()[i] = static_cast<Scalar>(2 * share * difference);
  }
  loss.value *= share;
  expect(std::isfinite(loss.value), "mean_square_error: expected finite numbers, got a mean of ",
         loss.value);
  return loss;
}

/// The class of the highest score for each item, the first among equals.
/// \throws Error if a score is not finite
template <class Features, class Scalar>
std::vector<int> predictions(const Field<Features, Scalar, Point>& logits) {
  static_cast<void>(detail::scores<Features>{});
  std::vector<int> best(static_cast<std::size_t>(logits.batch()));
  for (int b = 0; b < logits.batch(); ++b) {
    int& winner = best[static_cast<std::size_t>(b)];
    for (int c = 0; c < Features::size; ++c) {
      expect(std::isfinite(logits(b, c)), "predictions: expected finite logits, got ", logits(b, c),
             " for class ", c, " of item ", b);
      if (logits(b, c) > logits(b, winner)) winner = c;
    }
  }
  return best;
}

/// The share of items whose prediction is their label.
/// \throws Error as cross_entropy
template <class Features, class Scalar>
double accuracy(const Field<Features, Scalar, Point>& logits, std::span<const int> labels) {
  detail::check_labels("accuracy", labels, logits.batch(), Features::size);
  expect(!logits.empty(), "accuracy: expected at least one item");
  const auto guess = predictions(logits);
  int right = 0;
  for (std::size_t i = 0; i < guess.size(); ++i) right += guess[i] == labels[i];
  return static_cast<double>(right) / logits.batch();
}

}  // namespace gsteer
