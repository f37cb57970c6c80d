// SPDX-License-Identifier: MIT
// The programs by which the interface was agreed upon, as they were written down then: they must go
// on compiling and running. (Only data and checks are added. What must not compile is in
// tests/rejects.)
#include <utility>
#include <vector>

#include "catch.hpp"
#include "gsteer/gsteer.hpp"

using namespace gsteer;

namespace {

// clang-format off
constexpr auto G      = C<8>;                       // rotations of the plane by multiples of 45 degrees
constexpr auto image  = trivial<G>;                 // one grey channel
constexpr auto hidden = 16 * regular<G>;
constexpr auto mixed  = 4 * trivial<G> + 2 * irrep<G, 1> + 3 * regular<G>;
static_assert(mixed.size() == 4 + 2*2 + 3*8);
// clang-format on

}  // namespace

TEST_CASE("a network is built, trained, deployed and checked as agreed") {
  Rng rng{1};
  std::vector<std::pair<GridField<image>, std::vector<int>>> batches;
  for (int i = 0; i < 2; ++i) {
    batches.push_back({GridField<image>(2, 15, 15), {3, 7}});
    for (auto& v : batches.back().first.values()) v = static_cast<float>(rng.normal());
  }

  // clang-format off
  auto net = Sequential{
      Conv2d<image, hidden, 7>{{.padding = 3}},  BatchNorm<hidden>{},  ReLU<hidden>{},
      Conv2d<hidden, hidden, 5>{{.stride = 2}},  BatchNorm<hidden>{},  ReLU<hidden>{},
      GroupPool<hidden>{},  GlobalAvgPool<16 * trivial<G>>{},  Linear<16 * trivial<G>, 10 * trivial<G>>{}};
  initialize(net, Rng{42});

  Adam optimizer{net, {.learning_rate = 1e-3}};
  for (auto& [images, labels] : batches) {            // GridField<image>, labels
      auto logits = net.forward(images);
      auto [loss, gradient] = cross_entropy(logits, labels);
      net.backward(gradient);
      optimizer.step();
  }
  auto deployed = net.freeze();                       // kernels expanded or factorised once; forward is const and thread-safe
  // clang-format on
  CHECK(optimizer.steps() == 2);
  const auto& images = batches[0].first;
  CHECK(std::as_const(deployed).forward(images).batch() == 2);

  const cyclic<8>::element g{2};
  // clang-format off
  double e = equivariance_error(net, g, images);      // |net(g x) - g net(x)| / |net(x)|; for any layer and any g in G
  // clang-format on
  CHECK(e < 1e-4);
}

// clang-format off
static_assert(kernel_dimension<irrep<SO<2>, 1>, irrep<SO<2>, 2>>(kernel_size(7)) == 8);   // known at compile time
// clang-format on

TEST_CASE("the solver and the algebra are used on their own as agreed") {
  const Eigen::Vector2d x(0.6, -1.1);
  int kernels = 0;
  // clang-format off
  auto basis = kernel_basis<irrep<SO<2>, 1>, irrep<SO<2>, 2>>(kernel_size(7));
  for (const auto& kernel : basis) { Eigen::MatrixXd K = kernel(x);      // x: Eigen::Vector2d, K: out x in
    // clang-format on
    CHECK(K.rows() == 2);
    CHECK(K.cols() == 2);
    ++kernels;
  }
  CHECK(kernels == 8);

  const cyclic<8>::element g{3};
  // clang-format off
  Eigen::MatrixXd rho = representation_matrix<mixed>(g);                  // g: an element of G
  // clang-format on
  CHECK(rho.rows() == mixed.size());
}
