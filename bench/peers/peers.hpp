// SPDX-License-Identifier: MIT
// Dense convolutions of others, of the same shapes. Each is compiled by itself, with its own flags,
// or replaced by a file that says that it is absent: see bench/CMakeLists.txt.
#pragma once

#include <optional>

#include "work/work.hpp"

namespace bench {

/// How oneDNN computes a convolution: as it likes, which may be Winograd's way, or with as many
/// multiplications as the definition has.
enum class Algorithm { automatic, direct };

/// oneDNN on its own: primitives in the layouts that it prefers, which it is given, so that nothing
/// is reordered within the passes. Null if it was not found.
std::optional<Passes> onednn(const ConvolutionShape& shape, Algorithm = Algorithm::automatic);
bool has_onednn();
void set_onednn_threads(int count);

/// PyTorch's C++ library: autograd carries out the gradients. Has no `gradients` of its own. Null
/// if it was not found.
std::optional<Passes> pytorch(const ConvolutionShape& shape);
bool has_pytorch();
void set_pytorch_threads(int count);

}  // namespace bench
