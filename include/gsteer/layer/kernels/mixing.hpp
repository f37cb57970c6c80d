// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "gsteer/kernel/harmonic_plan.hpp"

namespace gsteer::detail {

/// A way to mix the responses of HarmonicPlan that takes the place of its matrices. An interface,
/// so that a program that convolves pictures only does not compile what pays in space.
///
/// Rows are those of nodes: responses [input group][filter][channel], results in the plan's order.
template <class Scalar>
class Mixing {
 public:
  virtual ~Mixing() = default;

  /// Numbers in all its matrices.
  virtual std::size_t size() const = 0;
  /// Multiply-adds for a node, everything counted at what it costs in time.
  virtual double cost() const = 0;

  /// Copies the coefficients of the kernel space to the matrices.
  virtual void load(const Scalar* coefficients, Scalar* matrices) const = 0;
  /// Adds the gradient of the matrices to that of the coefficients.
  virtual void store(const Scalar* d_matrices, Scalar* d_coefficients) const = 0;

  /// v, overwritten, from the responses r of `count` nodes.
  virtual void mix(const Scalar* r, int count, const Scalar* matrices, Scalar* v) const = 0;
  /// gr, overwritten: the gradient of the responses from that of v.
  virtual void unmix(const Scalar* g, int count, const Scalar* matrices, Scalar* gr) const = 0;

  /// The gradient of the matrices falls apart into this many tasks that write to different places.
  virtual int tasks() const = 0;
  /// Adds to it from responses r and gradients g of `count` nodes.
  virtual void add_gradient(int task, const Scalar* r, const Scalar* g, int count,
                            Scalar* d_matrices) const = 0;
};

/// Makes one where it is much less work than the matrices of the plan, else returns null. `starts`:
/// where the responses of each input group begin in a row of `row` numbers.
template <class Scalar>
using MixingFactory = std::unique_ptr<const Mixing<Scalar>> (*)(const kernel_space& space,
                                                                const KernelFilters& filters,
                                                                const HarmonicPlan<Scalar>& plan,
                                                                const std::vector<int>& starts,
                                                                int row);

}  // namespace gsteer::detail
