// SPDX-License-Identifier: MIT
#pragma once

namespace gsteer {

/// What the coefficients in a file mean: irreps, gauge of the change of basis, order and scale of
/// the kernel basis. Raised by every change that gives the same numbers another meaning; files of
/// another convention are refused.
inline constexpr int basis_convention = 1;

/// Names and types of what weight files and checkpoints hold.
inline constexpr int file_format = 1;

}  // namespace gsteer
