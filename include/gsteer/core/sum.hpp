// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>

namespace gsteer::detail {

/// The sum of contiguous numbers, in an order that depends on their count alone: sixteen partial
/// sums, then these in pairs.
///
/// Eigen's sums peel off numbers until an address is aligned, so that their rounding depends on
/// where the memory happens to lie, and with it on the thread. Results of the library must not.
template <class Scalar>
Scalar ordered_sum(const Scalar* x, std::ptrdiff_t count) {
  constexpr std::ptrdiff_t lanes = 16;
  std::array<Scalar, lanes> partial{};
  std::ptrdiff_t i = 0;
  for (; i + lanes <= count; i += lanes)
    for (std::ptrdiff_t l = 0; l < lanes; ++l) partial[static_cast<std::size_t>(l)] += x[i + l];
  for (; i < count; ++i) partial[static_cast<std::size_t>(i % lanes)] += x[i];
  for (std::size_t half = lanes / 2; half > 0; half /= 2)
    for (std::size_t l = 0; l < half; ++l) partial[l] += partial[l + half];
  return partial[0];
}

}  // namespace gsteer::detail
