// SPDX-License-Identifier: MIT
#pragma once

namespace gsteer {

/// SO(n) and O(n), defined for n = 1, 2, 3 in orthogonal1.hpp, orthogonal2.hpp, orthogonal3.hpp.
template <int Dimension>
struct special_orthogonal;
template <int Dimension>
struct orthogonal;

template <int Dimension>
inline constexpr special_orthogonal<Dimension> SO{};
template <int Dimension>
inline constexpr orthogonal<Dimension> O{};

}  // namespace gsteer
