// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>

#include "gsteer/core/error.hpp"

namespace gsteer {

/// The name of an irreducible real representation (irrep) of a group.
///
/// C_N, SO(2): frequency k. D_N, O(2): (parity j, frequency k), j = 1 odd under the reflection.
/// SO(3): frequency l. O(3): (parity p, frequency l), p = 1 odd under the inversion. A group of the
/// user may give the two numbers any meaning; {0, 0} is always the trivial irrep.
struct irrep_label {
  int parity = 0;
  int frequency = 0;

  friend constexpr bool operator==(irrep_label, irrep_label) = default;
  constexpr bool is_trivial() const { return parity == 0 && frequency == 0; }
};

/// What commutes with a real irrep is a division algebra: R, C or H (Schur; Frobenius). The value
/// is its real dimension.
enum class irrep_type { real = 1, complex = 2, quaternionic = 4 };

constexpr int endomorphism_dimension(irrep_type type) { return static_cast<int>(type); }

/// An irrep and how often it occurs.
struct irrep_copies {
  irrep_label label;
  int copies = 0;

  friend constexpr bool operator==(irrep_copies, irrep_copies) = default;
};

/// The irreps that a representation is made of, with multiplicities, in the order in which its
/// change of basis lists them. At most 64 distinct ones, so that it lives at compile time.
class irrep_content {
 public:
  static constexpr int capacity = 64;

  /// Adds copies of an irrep; those of a label that is already there are merged.
  constexpr void add(irrep_label label, int copies) {
    if (copies == 0) return;
    for (int i = 0; i < count_; ++i)
      if (items_[static_cast<std::size_t>(i)].label == label) {
        items_[static_cast<std::size_t>(i)].copies += copies;
        return;
      }
    if (count_ == capacity) throw Error("gsteer: a representation has at most 64 distinct irreps");
    items_[static_cast<std::size_t>(count_++)] = {label, copies};
  }

  constexpr int copies(irrep_label label) const {
    for (const auto& item : *this)
      if (item.label == label) return item.copies;
    return 0;
  }

  constexpr const irrep_copies* begin() const { return items_.data(); }
  constexpr const irrep_copies* end() const { return items_.data() + count_; }

  /// How many distinct irreps there are.
  constexpr int distinct() const { return count_; }

  friend constexpr bool operator==(const irrep_content&, const irrep_content&) = default;

 private:
  std::array<irrep_copies, capacity> items_{};
  int count_ = 0;
};

/// "1" for a group whose irreps have one number, "1,0" for those with two.
inline std::string to_string(irrep_label label, bool two_numbers) {
  return two_numbers ? std::to_string(label.parity) + "," + std::to_string(label.frequency)
                     : std::to_string(label.frequency);
}

}  // namespace gsteer
