// SPDX-License-Identifier: MIT
#include "peers/peers.hpp"

namespace bench {

std::optional<Passes> onednn(const ConvolutionShape&, Algorithm) { return {}; }
bool has_onednn() { return false; }
void set_onednn_threads(int) {}

}  // namespace bench
