// SPDX-License-Identifier: MIT
// One layer.
#include <gsteer/gsteer.hpp>
using namespace gsteer;

int main() {
  constexpr auto hidden = 16 * regular<C<8>>;
  Conv2d<hidden, hidden, 5> layer{{.padding = 2}};
  initialize(layer, Rng{42});
  const auto y = layer.forward(GridField<hidden>(1, 29, 29));
  const auto d = layer.backward(y);
  return layer.freeze().forward(d).empty();
}
