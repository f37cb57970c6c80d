// SPDX-License-Identifier: MIT
// One layer, forward, of the headers that it needs alone.
#include <gsteer/group/cyclic.hpp>
#include <gsteer/layer/conv.hpp>
using namespace gsteer;

int main() {
  constexpr auto in = trivial<C<8>>;
  constexpr auto out = 16 * regular<C<8>>;
  Conv2d<in, out, 5> layer{{.padding = 2}};
  return layer.forward(GridField<in>(1, 29, 29)).empty();
}
