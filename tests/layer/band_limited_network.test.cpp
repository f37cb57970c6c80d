// SPDX-License-Identifier: MIT
// Functions on SO(3) and on the sphere as the hidden fields of networks.
#include "gsteer/check/symmetry_report.hpp"
#include "gsteer/layer/conv.hpp"
#include "gsteer/layer/fourier3.hpp"
#include "gsteer/layer/linear.hpp"
#include "gsteer/layer/sequential.hpp"
#include "layer/laws.hpp"

using namespace gsteer;
using namespace gsteer::test;

namespace {

template <class Layer>
std::size_t weights(Layer layer) {
  std::size_t count = 0;
  for (const auto& [name, p] : parameters(layer)) count += p->trained ? p->value.size() : 0;
  return count;
}

}  // namespace

TEST_CASE("linear maps between functions on SO(3) and on the sphere mix copies of one degree") {
  // The last summand are the biases, one for each invariant channel of the result.
  CHECK(weights(Linear<band_limited<SO<3>, 2>, band_limited<SO<3>, 3>>{}) == 1 + 9 + 25 + 1);
  CHECK(weights(Linear<2 * spherical<O<3>, 3>, 3 * spherical<O<3>, 2>>{}) == 2 * 3 * 3 + 3);
  CHECK(weights(Linear<spherical<O<3>, 2>, band_limited<O<3>, 2>>{}) == 1 + 3 + 5 + 1);
  CHECK(weights(Linear<band_limited<SO<3>, 2>, trivial<SO<3>>>{}) == 1 + 1);
}

TEST_CASE("a network on voxels with functions on SO(3) commutes with the rotations of the cube") {
  constexpr auto image = trivial<SO<3>>;
  constexpr auto hidden = band_limited<SO<3>, 1> + 2 * spherical<SO<3>, 2> + trivial<SO<3>>;
  auto net = Sequential{Conv3d<image, hidden, 3, double>{{.padding = 1}},
                        FourierPointwise<hidden, octahedral_grid(4), double, elu>{},
                        Conv3d<hidden, irrep<SO<3>, 1>, 3, double>{{.padding = 1}}};
  Rng rng(7);
  randomize(net, rng);
  const auto x = random_field(GridField<image, double, 3>(1, Grid<3>{{4, 4, 4}}), rng);
  double size = 0;
  const auto y = net.forward(x);
  for (const double v : y.values()) size = std::max(size, std::abs(v));
  CHECK(size > 0.1);
  CHECK(lattice_error(net, x) < 1e-12);
  CHECK(gradient_error(net, x, rng).worst() < 1e-6);
  // A grid without the symmetry of the cube loses it.
  auto other = Sequential{Conv3d<image, hidden, 3, double>{{.padding = 1}},
                          FourierPointwise<hidden, icosahedral_grid(4), double, elu>{},
                          Conv3d<hidden, irrep<SO<3>, 1>, 3, double>{{.padding = 1}}};
  randomize(other, rng);
  CHECK(lattice_error(other, x) > 1e-4);
}
