// SPDX-License-Identifier: MIT
#include "peers/peers.hpp"

namespace bench {

std::optional<Passes> pytorch(const ConvolutionShape&) { return {}; }
bool has_pytorch() { return false; }
void set_pytorch_threads(int) {}

}  // namespace bench
