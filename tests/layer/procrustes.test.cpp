// SPDX-License-Identifier: MIT
#include "gsteer/layer/procrustes.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "gsteer/field/transform.hpp"
#include "layer/nonlinearity_laws.hpp"

using namespace gsteer;
using namespace gsteer::test;
using Catch::Matchers::ContainsSubstring;
using Eigen::Matrix3d;
using Eigen::Vector3d;

namespace {

using G = orthogonal<3>;

Matrix3d random_matrix3(Rng& rng) {
  Matrix3d m;
  for (int i = 0; i < 9; ++i) m.data()[i] = rng.normal();
  return m;
}
Matrix3d random_rotation(Rng& rng) { return rotation::sample(rng).matrix(); }
Matrix3d diagonal(double a, double b, double c) { return Vector3d(a, b, c).asDiagonal(); }
double determinant(const Matrix3d& m) {
  double sum = 0;
  for (int i = 0; i < 3; ++i) {
    const int j = (i + 1) % 3, k = (i + 2) % 3;
    sum += m(0, i) * (m(1, j) * m(2, k) - m(1, k) * m(2, j));
  }
  return sum;
}
double not_a_rotation(const Matrix3d& r) {
  return (r.transpose() * r - Matrix3d::Identity()).norm() + std::abs(determinant(r) - 1);
}

/// A random matrix whose determinant has this sign.
Matrix3d matrix_of_sign(int sign, Rng& rng) {
  for (;;) {
    const Matrix3d m = random_matrix3(rng);
    // Not near to where the rotation jumps.
    if (sign * determinant(m) > 0 && nearest_rotation(m).margin > 0.2) return m;
  }
}

/// The loss <W, R(M)> has a gradient in M, by which it is compared with differences along D.
double gradient_error(const Matrix3d& m, const Matrix3d& gradient, const Matrix3d& w, Rng& rng) {
  double worst = 0;
  for (int trial = 0; trial < 5; ++trial) {
    const Matrix3d d = random_matrix3(rng);
    const auto at = [&](double t) {
      return nearest_rotation(m + t * d).rotation.cwiseProduct(w).sum();
    };
    const double h = 1e-3;
    const double slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    worst = std::max(worst, std::abs(slope - gradient.cwiseProduct(d).sum()) / gradient.norm());
  }
  return worst;
}

constexpr auto vectors = irreps<"5x1o+4x1e">;
using Layer = Procrustes<vectors, double>;
using X = PointField<vectors, double>;

/// The rotations of a layer as it trains, and as it is used.
template <class L, class V>
std::vector<Matrix3d> rotations(L& layer, const V& x, const V& y) {
  const auto found = layer.forward(x, y);
  const auto frozen = layer.freeze().forward(x, y);
  std::vector<Matrix3d> all;
  REQUIRE(frozen.size() == found.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    REQUIRE(frozen[i].rotation == found[i].rotation);
    REQUIRE(frozen[i].margin == found[i].margin);
    all.push_back(found[i].rotation);
  }
  return all;
}

/// |R(g x, h y) - h R(x, y) g^-1|, the largest of a batch.
template <class L, class V>
double law_error(L& layer, const V& x, const V& y, const G::element& g, const G::element& h) {
  const auto before = rotations(layer, x, y);
  const auto after = rotations(layer, transform(g, x), transform(h, y));
  double worst = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    worst =
        std::max(worst, (after[i] - G::action(h) * before[i] * G::action(g).transpose()).norm());
  return worst;
}

}  // namespace

TEST_CASE("singular values of 3 x 3 matrices, with the sign of the determinant", "[procrustes]") {
  Rng rng(1);
  const auto check = [&](const Matrix3d& m, const Vector3d& expected, double size) {
    const auto [u, v, s] = detail::signed_svd(m);
    INFO(m << "\n" << s.transpose());
    CHECK(not_a_rotation(u) < 1e-14);
    CHECK(not_a_rotation(v) < 1e-14);
    CHECK(s(0) >= s(1));
    CHECK(s(1) >= std::abs(s(2)));
    const double unit = size > 0 ? size : 1;  // squares of some of these over- or underflow
    CHECK((u * Vector3d(s / unit).asDiagonal() * v.transpose() - m / unit).norm() < 3e-15);
    CHECK((s / unit - expected / unit).norm() < 3e-15);
  };
  const double tiny = std::numeric_limits<double>::denorm_min();
  // Random, of rank 2, 1 and 0, with equal values, with values of many sizes, and both signs.
  const std::array<Vector3d, 15> cases{Vector3d{3, 2, 1},
                                       {3, 2, -1},
                                       {2, 1, 0},
                                       {1, 0, 0},
                                       {0, 0, 0},
                                       {1, 1, 1},
                                       {1, 1, -1},
                                       {2, 2, 1},
                                       {2, 1, 1},
                                       {2, 1, -1},
                                       {1, 1e-8, 1e-16},
                                       {1, 1e-10, -1e-10},
                                       {1e200, 1e190, 1e180},
                                       {1e-200, 1e-201, 0},
                                       {1, 1e-160, -1e-170}};
  for (const Vector3d& s : cases)
    for (int trial = 0; trial < 50; ++trial) {
      const Matrix3d u = trial == 0 ? Matrix3d::Identity() : random_rotation(rng),
                     v = trial < 2 ? Matrix3d::Identity() : random_rotation(rng);
      check(u * s.asDiagonal() * v.transpose(), s, s.cwiseAbs().maxCoeff());
    }
  // Not made of its own singular values: the sums of squares, the determinant.
  for (int trial = 0; trial < 200; ++trial) {
    const Matrix3d m = random_matrix3(rng);
    const auto s = detail::signed_svd(m).s;
    check(m, s, m.norm());
    CHECK(s.squaredNorm() == Approx(m.squaredNorm()).epsilon(1e-14));
    CHECK(std::abs(s(0) * s(1) * s(2) - determinant(m)) < 1e-14 * std::pow(m.norm(), 3));
    CHECK(std::signbit(s(2)) == std::signbit(determinant(m)));
  }
  // Small values keep their digits if the columns differ in size: relative accuracy.
  for (int trial = 0; trial < 20; ++trial) {
    const Matrix3d r = random_rotation(rng);
    const auto s = detail::signed_svd(r * diagonal(1e-20, 1, 1e-10)).s;
    for (int i = 0; i < 3; ++i)
      CHECK(s(i) ==
            Approx(std::array{1.0, 1e-10, 1e-20}[static_cast<std::size_t>(i)]).epsilon(1e-14));
  }
  // What underflows, and what is no number.
  for (const Matrix3d& m : {Matrix3d(Matrix3d::Constant(tiny)), diagonal(tiny, 0, tiny),
                            Matrix3d(Matrix3d::Constant(1e308)), diagonal(0, 0, -1)}) {
    const auto [u, v, s] = detail::signed_svd(m);
    CHECK(not_a_rotation(u) < 1e-14);
    CHECK(not_a_rotation(v) < 1e-14);
    CHECK(s(0) > 0);
  }
  Matrix3d bad = Matrix3d::Identity();
  bad(1, 2) = std::nan("");
  CHECK_THROWS_WITH(nearest_rotation(bad), ContainsSubstring("expected a finite matrix, got nan"));
  bad(1, 2) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(nearest_rotation(bad), Error);
}

TEST_CASE("the nearest rotation is nearer than all others", "[procrustes]") {
  Rng rng(2);
  for (int trial = 0; trial < 200; ++trial) {
    const Matrix3d m = random_matrix3(rng);
    const Matrix3d best = nearest_rotation(m).rotation;
    CHECK(not_a_rotation(best) < 1e-14);
    for (int k = 0; k < 20; ++k) {
      // Near and far ones.
      const auto other = rotation::from_axis_angle({rng.normal(), rng.normal(), rng.normal()},
                                                   k < 10 ? 1e-3 : rng.uniform(0, 3));
      CHECK((best - m).norm() <= (other.matrix() * best - m).norm() + 1e-14);
    }
  }
  // Of a rotation that is stretched, the rotation; also of the plane's stretches.
  for (const double s : {1.0, 1e-3, 0.0, -0.5}) {
    const Matrix3d r = random_rotation(rng), v = random_rotation(rng);
    const auto found = nearest_rotation(r * v * diagonal(2, 1, s) * v.transpose());
    CHECK((found.rotation - r).norm() < 1e-14);
    CHECK(found.margin == Approx((1 + s) / 2));
  }
  // The control: the nearest orthogonal matrix is none.
  const auto svd = detail::signed_svd(diagonal(2, 1, -0.5));
  const Matrix3d orthogonal = svd.u * diagonal(1, 1, -1) * svd.v.transpose();
  CHECK(determinant(orthogonal) < 0);
  CHECK((orthogonal - diagonal(2, 1, -0.5)).norm() <
        (nearest_rotation(diagonal(2, 1, -0.5)).rotation - diagonal(2, 1, -0.5)).norm());
}

TEST_CASE("the derivative of the nearest rotation, for both signs of the determinant",
          "[procrustes]") {
  Rng rng(3);
  for (const int sign : {1, -1})
    for (int trial = 0; trial < 50; ++trial) {
      const Matrix3d m = matrix_of_sign(sign, rng), w = random_matrix3(rng);
      const auto svd = detail::signed_svd(m);
      const Matrix3d gradient = detail::rotation_backward(svd, w, 0);
      CHECK(gradient_error(m, gradient, w, rng) < 1e-7);
      // Stretching M does not turn it.
      CHECK(std::abs(gradient.cwiseProduct(m).sum()) < 1e-13 * gradient.norm() * m.norm());
      // The control forgets that the last singular value has a sign.
      if (sign < 0) {
        auto unsigned_svd = svd;
        unsigned_svd.s(2) = std::abs(svd.s(2));
        CHECK(gradient_error(m, detail::rotation_backward(unsigned_svd, w, 0), w, rng) > 1e-3);
      }
    }
  // Equal singular values, where U and V have no derivatives but R has.
  for (const Vector3d& s : {Vector3d{1, 1, 1}, {2, 2, 1}, {2, 1, 1}, {2, 2, -1}, {2, 1, 0}}) {
    const Matrix3d m = random_rotation(rng) * s.asDiagonal() * random_rotation(rng);
    const Matrix3d w = random_matrix3(rng);
    const Matrix3d gradient = detail::rotation_backward(detail::signed_svd(m), w, 0);
    CHECK(gradient_error(m, gradient, w, rng) < 1e-8);
  }
}

TEST_CASE("the Procrustes head finds how one set of vectors is turned into another",
          "[procrustes]") {
  Rng rng(4);
  Layer layer;
  const auto x = random_field(X(6), rng);
  const auto g = G::element{rotation::sample(rng), 0};
  for (const auto& found : layer.forward(x, transform(g, x))) {
    CHECK((found.rotation - G::action(g)).norm() < 1e-14);
    CHECK(found.margin > 0.01);
  }
  // In float as well, to what the vectors know.
  Procrustes<vectors> coarse;
  PointField<vectors> near(6), turned(6);
  const auto exact = transform(g, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    near.data()[i] = static_cast<float>(x.data()[i]);
    turned.data()[i] = static_cast<float>(exact.data()[i]);
  }
  for (const auto& found : coarse.forward(near, turned))
    CHECK((found.rotation - G::action(g)).norm() < 1e-5);
}

TEMPLATE_TEST_CASE("the Procrustes head is bi-equivariant", "[procrustes]", double, float) {
  Rng rng(5);
  Procrustes<vectors, TestType> layer;
  // Unrelated vectors, so that determinants of both signs occur.
  const auto x = random_field(PointField<vectors, TestType>(20), rng),
             y = random_field(PointField<vectors, TestType>(20), rng);
  double least = 2;
  for (const auto& found : layer.forward(x, y)) least = std::min(least, found.margin);
  REQUIRE(least > 1e-3);
  const double bound = (std::is_same_v<TestType, double> ? 1e-14 : 1e-5) / least;
  CHECK((bound < 1e-12 || std::is_same_v<TestType, float>));
  for (int trial = 0; trial < 10; ++trial) {
    auto g = G::sample(rng), h = G::sample(rng);
    h.inverted = g.inverted;
    CHECK(law_error(layer, x, y, g, h) < bound);
    // What a rotation cannot do: turn something into its mirror image.
    h.inverted = 1 - g.inverted;
    CHECK(law_error(layer, x, y, g, h) > 0.1);
  }
  // The control: vectors in a frame of their own.
  const auto spoil = [](auto f) {
    for (int row = 0; row < f.batch(); ++row) f(row, 0) += 1;
    return f;
  };
  const auto g = G::element{rotation::sample(rng), 0}, h = G::element{rotation::sample(rng), 0};
  const auto before = rotations(layer, spoil(x), y),
             after = rotations(layer, spoil(transform(g, x)), transform(h, y));
  CHECK((after[0] - G::action(h) * before[0] * G::action(g).transpose()).norm() > 1e-3);
}

TEST_CASE("the Procrustes head: gradients", "[procrustes]") {
  Rng rng(6);
  Layer layer;
  for (const int sign : {1, -1}) {
    // Pairs with a determinant of this sign.
    X x(8), y(8);
    for (int pair = 0; pair < 8;) {
      const auto a = random_field(X(1), rng), b = random_field(X(1), rng);
      Matrix3d m = Matrix3d::Zero();
      for (int v = 0; v < X::channels(); v += 3)
        for (int i = 0; i < 3; ++i)
          for (int j = 0; j < 3; ++j) m(i, j) += b(0, v + i) * a(0, v + j);
      if (sign * determinant(m) <= 0 || nearest_rotation(m).margin < 0.2) continue;
      for (int c = 0; c < X::channels(); ++c) {
        x(pair, c) = a(0, c);
        y(pair, c) = b(0, c);
      }
      ++pair;
    }
    std::vector<Matrix3d> w;
    for (int pair = 0; pair < 8; ++pair) w.push_back(random_matrix3(rng));
    layer.forward(x, y);
    const auto gradient = layer.backward(w);
    const auto loss = [&](const X& a, const X& b) {
      double sum = 0;
      const auto found = layer.freeze().forward(a, b);
      for (std::size_t i = 0; i < w.size(); ++i) sum += found[i].rotation.cwiseProduct(w[i]).sum();
      return sum;
    };
    const auto moved = [](X f, const X& d, double t) {
      for (std::size_t i = 0; i < f.size(); ++i) f.values()[i] += t * d.values()[i];
      return f;
    };
    double norm = 0;
    for (const auto* part : {&gradient.first, &gradient.second})
      for (const double v : part->values()) norm += v * v;
    for (int trial = 0; trial < 5; ++trial) {
      const auto dx = random_field(X(8), rng), dy = random_field(X(8), rng);
      const auto at = [&](double t) { return loss(moved(x, dx, t), moved(y, dy, t)); };
      const double h = 1e-4;
      const double slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      double expected = 0;
      for (std::size_t i = 0; i < x.size(); ++i)
        expected += gradient.first.values()[i] * dx.values()[i] +
                    gradient.second.values()[i] * dy.values()[i];
      CHECK(std::abs(slope - expected) < 1e-8 * std::sqrt(norm));
      // The control: exchanged, they are the gradients of something else.
      double exchanged = 0;
      for (std::size_t i = 0; i < x.size(); ++i)
        exchanged += gradient.second.values()[i] * dx.values()[i] +
                     gradient.first.values()[i] * dy.values()[i];
      CHECK(std::abs(slope - exchanged) > 1e-4 * std::sqrt(norm));
    }
  }
}

TEST_CASE("the Procrustes head where the rotation is not determined", "[procrustes]") {
  Rng rng(7);
  // No vectors, all along one line, or mirrored: margins of 0; and in a plane: determined.
  X x(4), y(4);
  const Matrix3d turn = random_rotation(rng);
  for (int v = 0; v < X::channels(); v += 3) {
    const Vector3d line = rng.normal() * Vector3d::UnitZ();
    Vector3d plane(rng.normal(), rng.normal(), 0);
    for (int i = 0; i < 3; ++i) {
      x(1, v + i) = y(1, v + i) = line(i);
      x(3, v + i) = plane(i);
      y(3, v + i) = (turn * plane)(i);
    }
  }
  for (int i = 0; i < 3; ++i) {  // M = diag(1, 1, -1): half turns about every axis of a plane
    x(2, 3 * i + i) = 1;
    y(2, 3 * i + i) = i == 2 ? -1 : 1;
  }
  const auto run = [&](const ProcrustesOptions& options) {
    Layer layer(options);
    const auto found = layer.forward(x, y);
    const auto gradient = layer.backward(std::vector<Matrix3d>(4, random_matrix3(rng)));
    for (int pair = 0; pair < 4; ++pair) {
      CHECK(not_a_rotation(found[static_cast<std::size_t>(pair)].rotation) < 1e-14);
      double size = 0;
      for (int c = 0; c < X::channels(); ++c) {
        REQUIRE(std::isfinite(gradient.first(pair, c)));
        REQUIRE(std::isfinite(gradient.second(pair, c)));
        size += std::abs(gradient.first(pair, c)) + std::abs(gradient.second(pair, c));
      }
      if (pair < 3) {
        CHECK(found[static_cast<std::size_t>(pair)].margin < 1e-15);
        CHECK(size == 0);
      } else {
        CHECK(found[3].margin > 0.01);
        CHECK((found[3].rotation - turn).norm() < 1e-13);
        CHECK((size > 0) == (options.least_margin < found[3].margin));
      }
    }
  };
  run({});
  run({.least_margin = 1.5});
  // Numbers so small that their products underflow.
  X faint = x;
  for (auto& v : faint.values()) v *= 1e-160;
  Layer layer;
  layer.forward(faint, faint);
  const auto gradient = layer.backward(std::vector<Matrix3d>(4, Matrix3d::Ones()));
  for (const double v : gradient.first.values()) CHECK(std::isfinite(v));
}

TEST_CASE("the Procrustes head: use from many threads, and mistakes", "[procrustes]") {
  Rng rng(8);
  Layer layer;
  const auto x = random_field(X(50), rng), y = random_field(X(50), rng);
  const auto expected = layer.forward(x, y);
  const auto frozen = layer.freeze();
  std::vector<std::vector<NearestRotation>> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results) threads.emplace_back([&] { result = frozen.forward(x, y); });
  for (auto& thread : threads) thread.join();
  for (const auto& result : results)
    for (std::size_t i = 0; i < expected.size(); ++i)
      CHECK(result[i].rotation == expected[i].rotation);

  CHECK_THROWS_WITH(Layer{}.backward({}), ContainsSubstring("backward before forward"));
  CHECK_THROWS_WITH(layer.backward(std::vector<Matrix3d>(3)),
                    ContainsSubstring("gradients of 50 rotations, got 3"));
  CHECK_THROWS_WITH(layer.forward(x, X(3)), ContainsSubstring("got 50 and 3"));
  CHECK_THROWS_WITH(layer.forward(X{}, X{}), ContainsSubstring("got 0 and 0"));
  CHECK_THROWS_WITH((Layer{{.least_margin = -1}}), ContainsSubstring("in [0, 2), got -1"));
  auto bad = x;
  bad(7, 4) = std::nan("");
  CHECK_THROWS_AS(layer.forward(bad, y), Error);
  // A call that is refused leaves the last good one as it was.
  auto one = random_field(X(1), rng);
  one(0, 0) = std::nan("");
  CHECK_THROWS_AS(layer.forward(one, one), Error);
  const std::vector<Matrix3d> gradients(50, Matrix3d::Ones());
  CHECK(layer.backward(gradients).first.batch() == 50);
}
