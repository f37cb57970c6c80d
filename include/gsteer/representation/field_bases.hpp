// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "gsteer/core/buffer.hpp"
#include "gsteer/core/matrix.hpp"
#include "gsteer/representation/layout.hpp"

namespace gsteer::detail {

/// The changes of basis of the fields of a layout in the scalar type of tensors, each row by row.
template <class Scalar>
class FieldBases {
 public:
  [[gnu::cold]] explicit FieldBases(const channel_layout& layout) {
    int size = 0;
    for (const auto& block : layout) {
      starts_.push_back(size);
      size += block.size * block.size;
    }
    numbers_ = Buffer<Scalar>(static_cast<std::size_t>(size));
    for (std::size_t q = 0; q < layout.size(); ++q)
      copy_numbers(layout[q].basis, numbers_.data() + starts_[q]);
  }

  /// Q of the fields of kind `block`.
  const Scalar* of(std::size_t block) const { return numbers_.data() + starts_[block]; }

 private:
  std::vector<int> starts_;
  Buffer<Scalar> numbers_;
};

}  // namespace gsteer::detail
