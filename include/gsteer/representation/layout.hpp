// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <vector>

#include "gsteer/representation/decomposition.hpp"

namespace gsteer {

/// One irrep inside a field, in the basis of irreps.
struct irrep_slot {
  irrep_label label;
  irrep_type type = irrep_type::real;
  int size = 1;
  int offset = 0;  ///< first row among the channels of the field
};

/// The fields of one kind in a feature space.
struct field_block {
  int offset = 0;  ///< first channel
  int copies = 0;
  int size = 1;  ///< channels a field
  matrix_kind kind = matrix_kind::orthogonal;
  Eigen::MatrixXd basis;  ///< change_of_basis of the field
  std::vector<irrep_slot> irreps;
};

/// How the channels of a feature space are divided among fields and irreps: what the arithmetic
/// needs to know of a representation, with the types erased.
using channel_layout = std::vector<field_block>;

namespace detail {

/// What a layout needs of the irreps of a group.
struct irrep_properties {
  int (*size)(irrep_label);
  irrep_type (*type)(irrep_label);
};
template <class G>
inline constexpr irrep_properties irreps_of{
    [](irrep_label label) -> int { return G::irrep_size(label); },
    [](irrep_label label) -> irrep_type { return G::type_of_irrep(label); }};

[[gnu::cold]] inline void add_irreps(field_block& block, const irrep_content& content,
                                     const irrep_properties& irreps) {
  int at = 0;
  for (const auto& item : content)
    for (int copy = 0; copy < item.copies; ++copy) {
      const int size = irreps.size(item.label);
      block.irreps.push_back({item.label, irreps.type(item.label), size, at});
      at += size;
    }
}

}  // namespace detail

/// The layout of a feature space.
template <feature_type Features>
[[gnu::cold]] channel_layout layout_of() {
  channel_layout layout;
  Features::for_each_kind([&]<class Field>(int count, int offset) {
    static constexpr irrep_content content = Field::content();
    layout.push_back({offset, count, Field::size, Field::kind, change_of_basis<Field>(), {}});
    detail::add_irreps(layout.back(), content, detail::irreps_of<typename Field::group>);
  });
  return layout;
}

/// The number of channels of a layout.
inline int channels(const channel_layout& layout) {
  int sum = 0;
  for (const auto& block : layout) sum += block.copies * block.size;
  return sum;
}

/// The unit vectors of a field that no group element changes, one a column: the invariant part, on
/// which a bias may stand.
[[gnu::cold]] inline Eigen::MatrixXd invariant_directions(const field_block& block) {
  int count = 0;
  for (const auto& slot : block.irreps) count += slot.label.is_trivial();
  Eigen::MatrixXd directions(block.size, count);
  count = 0;
  for (const auto& slot : block.irreps)
    if (slot.label.is_trivial()) {
      for (int i = 0; i < block.size; ++i) directions(i, count) = block.basis(i, slot.offset);
      ++count;
    }
  return directions;
}

}  // namespace gsteer
