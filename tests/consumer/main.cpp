// SPDX-License-Identifier: MIT
#include <gsteer/core/error.hpp>
#include <gsteer/core/matrix.hpp>
#include <iostream>

int main() {
  const gsteer::Matrix<double> two = 2 * gsteer::Matrix<double>::Identity(3, 3);
  gsteer::expect(two.trace() == 6, "expected trace 6, got ", two.trace());
  std::cout << "trace " << two.trace() << '\n';
}
