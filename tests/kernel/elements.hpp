// SPDX-License-Identifier: MIT
// The elements of a kernel basis as columns of numbers, to compare with those of others.
#pragma once

#include <algorithm>

#include "gsteer/kernel/sampled.hpp"
#include "kernel/spans.hpp"

namespace gsteer::test {

template <auto In, auto Out>
SampledKernels<double> sampled(const kernel_profile& profile) {
  return SampledKernels<double>(kernel_space_of<features_of<In>, features_of<Out>>(profile));
}

/// The kernel [out][in][tap] of each basis element in one column.
inline Eigen::MatrixXd elements(const SampledKernels<double>& kernels) {
  const int rows = channels(kernels.space().out) * channels(kernels.space().in) * kernels.taps();
  Eigen::MatrixXd all(rows, kernels.size());
  for (int i = 0; i < kernels.size(); ++i) {
    const Eigen::VectorXd unit = Eigen::VectorXd::Unit(kernels.size(), i);
    kernels.expand(unit.data(), all.col(i).data());
  }
  return all;
}

/// What is left of a column when its projection on an orthonormal basis is taken away, relative to
/// the column; the worst one.
inline double residual(const Eigen::MatrixXd& basis, const Eigen::MatrixXd& columns) {
  const Eigen::MatrixXd rest = columns - basis * (basis.transpose() * columns);
  double worst = 0;
  for (Eigen::Index i = 0; i < columns.cols(); ++i)
    worst = std::max(worst, rest.col(i).norm() / columns.col(i).norm());
  return worst;
}

}  // namespace gsteer::test
