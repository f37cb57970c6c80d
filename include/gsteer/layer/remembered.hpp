// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <type_traits>
#include <utility>

#include "gsteer/layer/layer.hpp"

namespace gsteer::detail {

/// The sizes (z, y, x) of a space; those of a point are 1.
template <class Space>
std::array<int, 3> sizes_of(const Space& space) {
  if constexpr (std::is_same_v<Space, Point>)
    return {1, 1, 1};
  else
    return space.zyx();
}

/// The space of such sizes.
template <class Space>
Space space_of(const std::array<int, 3>& zyx) {
  Space space;
  if constexpr (!std::is_same_v<Space, Point>)
    for (std::size_t i = 0; i < space.sizes.size(); ++i)
      space.sizes[i] = zyx[i + 3 - space.sizes.size()];
  return space;
}

/// The shape of the last input of a layer that works on any space; a batch of 0 before the first.
struct RememberedShape {
  int batch = 0;
  std::array<int, 3> sizes{1, 1, 1};

  template <class Field>
  void set(const Field& x) {
    batch = x.batch();
    sizes = sizes_of(x.space());
  }
  int points() const { return sizes[0] * sizes[1] * sizes[2]; }

  /// \throws Error unless a gradient has this shape
  template <class Gradient>
  void check(const char* layer, const Gradient& gradient) const {
    check_gradient(layer, gradient, batch, space_of<typename Gradient::Space>(sizes));
  }
};

/// The field, with memory of its own: what may be overwritten.
template <class Field>
Field overwritable(Field x) {
  x.values().own();
  return x;
}

/// RememberedShape with the numbers. Never those of the caller: they may be gone before backward.
template <class Scalar>
struct RememberedInput : RememberedShape {
  Buffer<Scalar> values;

  template <class Field>
  void take(Field x) {
    set(x);
    values = std::move(overwritable(std::move(x)).values());
  }

  /// A field like x of any content, in the memory of the last input if it fits: training does not
  /// allocate.
  template <class Field>
  Field recycle(const Field& x) {
    if (values.size() != x.size() || !values.owns_memory()) return Field(x.batch(), x.space());
    Field y = Field::map(values.data(), x.batch(), x.space());
    y.values() = std::move(values);
    return y;
  }
};

}  // namespace gsteer::detail
