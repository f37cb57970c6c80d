// SPDX-License-Identifier: MIT
// Small: what this tests is how the library is found. It includes all of it, and runs a loop on its
// threads.
#include <gsteer/gsteer.hpp>

using namespace gsteer;

int main() {
  constexpr auto F = 2 * regular<C<4>>;
  static_assert(kernel_dimension<F, F>(kernel_size(3)) > 0);
  GridField<F> x(1, 9, 9);
  x(0, 0, 2, 3) = -1;
  const auto y = ReLU<F>{}.forward(x);
  return y(0, 0, 2, 3) == 0 ? 0 : 1;
}
