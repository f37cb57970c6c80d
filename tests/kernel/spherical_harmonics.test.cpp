// SPDX-License-Identifier: MIT
#include "gsteer/kernel/spherical_harmonics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/io/safetensors.hpp"

using namespace gsteer;

namespace {

constexpr Normalization normalizations[] = {Normalization::component, Normalization::norm,
                                            Normalization::integral};
constexpr HarmonicForm forms[] = {HarmonicForm::surface, HarmonicForm::solid};

using Numbers = std::vector<double>;

std::size_t at(std::ptrdiff_t i) { return static_cast<std::size_t>(i); }

/// n normal numbers.
Numbers normal(std::ptrdiff_t n, std::uint64_t seed) {
  Rng rng(seed);
  Numbers numbers(at(n));
  for (double& x : numbers) x = rng.normal();
  return numbers;
}

/// a + t b.
Numbers moved(const Numbers& a, double t, const Numbers& b) {
  Numbers sum = a;
  for (std::size_t i = 0; i < a.size(); ++i) sum[i] += t * b[i];
  return sum;
}

double largest(const Numbers& a) {
  double worst = 0;
  for (const double x : a) worst = std::max(worst, std::isnan(x) ? INFINITY : std::abs(x));
  return worst;
}

double difference(const Numbers& a, const Numbers& b) { return largest(moved(a, -1, b)); }

struct Derivatives {
  Numbers y, gradient, hessian;
};

Derivatives derivatives(const SphericalHarmonics<double>& sh, const Numbers& v) {
  const auto n = static_cast<int>(v.size() / 3);
  Derivatives d{Numbers(at(n * sh.size())), Numbers(at(3 * n * sh.size())),
                Numbers(at(6 * n * sh.size()))};
  sh.evaluate(v.data(), n, n, d.y.data(), d.gradient.data(), d.hessian.data());
  return d;
}

Numbers values(const SphericalHarmonics<double>& sh, const Numbers& v) {
  const auto n = static_cast<int>(v.size() / 3);
  Numbers y(at(n * sh.size()));
  sh.evaluate(v.data(), n, n, y.data());
  return y;
}

Numbers tangent(const SphericalHarmonics<double>& sh, const Numbers& v, const Numbers& dv) {
  const auto n = static_cast<int>(v.size() / 3);
  Numbers dy(at(n * sh.size()));
  sh.tangent(v.data(), dv.data(), n, n, dy.data());
  return dy;
}

Numbers backward(const SphericalHarmonics<double>& sh, const Numbers& v, const Numbers& g) {
  Numbers out(v.size());
  const auto n = static_cast<int>(v.size() / 3);
  sh.backward(v.data(), n, n, g.data(), out.data());
  return out;
}

/// The derivative of f at v along dv, by central differences of fourth order.
template <class F>
Numbers differences(F&& f, const Numbers& v, const Numbers& dv, double h) {
  const Numbers near = moved(f(moved(v, h, dv)), -1, f(moved(v, -h, dv)));
  const Numbers far = moved(f(moved(v, 2 * h, dv)), -1, f(moved(v, -2 * h, dv)));
  Numbers slope(near.size());
  for (std::size_t i = 0; i < slope.size(); ++i) slope[i] = (8 * near[i] - far[i]) / (12 * h);
  return slope;
}

/// Points [axis][point] on the axes, on diagonals, at and near the poles, and the zero vector.
Numbers special_points() {
  const double points[][3] = {{1, 0, 0},      {-1, 0, 0},     {0, 1, 0},       {0, -1, 0},
                              {0, 0, 1},      {0, 0, -1},     {0, 0, 0},       {1, 1, 0},
                              {0, 1, 1},      {1e-9, 1, 0},   {0, -1, 1e-9},   {1e-170, 1, 1e-170},
                              {0, 1e-200, 0}, {1e-300, 0, 0}, {-0.0, -2, -0.0}};
  constexpr std::size_t n = std::size(points);
  Numbers v(3 * n);
  for (std::size_t k = 0; k < 3; ++k)
    for (std::size_t i = 0; i < n; ++i) v[k * n + i] = points[i][k];
  return v;
}

/// P_l(t), l <= l_max.
Numbers legendre(int l_max, double t) {
  Numbers p{1, t};
  for (int l = 2; l <= l_max; ++l)
    p.push_back(((2 * l - 1) * t * p[at(l - 1)] - (l - 1) * p[at(l - 2)]) / l);
  return p;
}

}  // namespace

TEST_CASE("the harmonics of e3nn") {
  const auto file = read_safetensors(std::string(GSTEER_TEST_DATA) +
                                     "/golden/e3nn_spherical_harmonics.safetensors");
  const auto points = file.values<double>("points", {32, 3});
  const Eigen::MatrixXd v = Eigen::Map<const Eigen::MatrixXd>(points.data(), 3, 32);
  const char* names[] = {"component", "norm", "integral"};
  double worst = 0, mirrored = 0;
  for (int i = 0; i < 3; ++i) {
    const auto y = spherical_harmonics(6, v, normalizations[i]);
    REQUIRE(y.rows() == 49);
    const auto swapped = spherical_harmonics(6, v.colwise().reverse(), normalizations[i]);
    for (int l = 0; l <= 6; ++l) {
      const int width = 2 * l + 1;
      const auto expected = file.values<double>(
          std::string(names[i]).append("/").append(std::to_string(l)), {32, width});
      for (int m = -l; m <= l; ++m)
        for (int p = 0; p < 32; ++p) {
          const double value = expected[at(p * width + l + m)];
          worst = std::max(worst, std::abs(y(harmonic_index(l, m), p) - value));
          mirrored = std::max(mirrored, std::abs(swapped(harmonic_index(l, m), p) - value));
        }
    }
  }
  INFO("worst " << worst);
  CHECK(worst < 1e-12);
  CHECK(mirrored > 0.1);  // z and x exchanged would not pass
}

TEST_CASE("values that pin the convention down") {
  Eigen::MatrixXd v(3, 2);
  v << 1, 0, 2, 1, 3, 0;
  const auto y = spherical_harmonics(3, v);
  const double s = std::sqrt(15.0) / 14;
  const double expected[] = {1,
                             std::sqrt(3.0 / 14),
                             2 * std::sqrt(3.0 / 14),
                             3 * std::sqrt(3.0 / 14),
                             3 * s,
                             2 * s,
                             -std::sqrt(5.0) / 14,
                             6 * s,
                             4 * s};
  for (int i = 0; i < 9; ++i) CHECK(y(i, 0) == Approx(expected[i]).epsilon(1e-14));
  for (int i = 9; i < 16; ++i) CHECK(y(i, 1) == Approx(i == 12 ? std::sqrt(7.0) : 0).margin(1e-15));
}

TEST_CASE("norms and the addition theorem") {
  constexpr int l_max = 12, n = 20;
  Eigen::MatrixXd v(3, n);
  const auto numbers = normal(3 * n, 1);
  for (int i = 0; i < 3 * n; ++i) v(i % 3, i / 3) = numbers[at(i)];
  double worst = 0;
  for (const auto normalization : normalizations) {
    const auto y = spherical_harmonics(l_max, v, normalization);
    for (int l = 0; l <= l_max; ++l) {
      const double square = normalization == Normalization::norm ? 1
                            : normalization == Normalization::component
                                ? 2 * l + 1
                                : (2 * l + 1) / (4 * std::numbers::pi);
      for (int a = 0; a < n; ++a)
        for (int b = 0; b < n; ++b) {
          double sum = 0;
          for (int i = harmonic_index(l, -l); i <= harmonic_index(l, l); ++i)
            sum += y(i, a) * y(i, b);
          const double cosine = v.col(a).dot(v.col(b)) / v.col(a).norm() / v.col(b).norm();
          worst = std::max(worst, std::abs(sum - square * legendre(l_max, cosine)[at(l)]));
        }
    }
  }
  INFO("worst " << worst);
  CHECK(worst < 1e-12);
}

TEST_CASE("harmonics are orthonormal") {
  // Exact below degree 40: midpoints in the angle about y, and along y Fejer's first rule.
  constexpr int l_max = 12, rings = 40, turns = 40;
  Eigen::MatrixXd v(3, rings * turns);
  Numbers weight(at(rings * turns));
  for (int i = 0; i < rings; ++i) {
    const double theta = std::numbers::pi * (i + 0.5) / rings;
    double w = 1;
    for (int k = 1; k <= rings / 2; ++k) w -= 2 * std::cos(2 * k * theta) / (4.0 * k * k - 1);
    for (int j = 0; j < turns; ++j) {
      const double phi = 2 * std::numbers::pi * (j + 0.5) / turns;
      v.col(i * turns + j) << std::sin(theta) * std::sin(phi), std::cos(theta),
          std::sin(theta) * std::cos(phi);
      weight[at(i * turns + j)] = w / rings / turns;  // they sum to 1
    }
  }
  const auto y = spherical_harmonics(l_max, v);
  double worst = 0;
  for (int a = 0; a < y.rows(); ++a)
    for (int b = 0; b <= a; ++b) {
      double sum = 0;
      for (int p = 0; p < v.cols(); ++p) sum += weight[at(p)] * y(a, p) * y(b, p);
      worst = std::max(worst, std::abs(sum - (a == b)));
    }
  INFO("worst " << worst);
  CHECK(worst < 1e-12);
}

TEST_CASE("derivatives are those of differences") {
  constexpr int n = 21;  // not a multiple of the block
  const auto v = normal(3 * n, 2);
  for (const auto form : forms)
    for (const auto normalization : normalizations) {
      const SphericalHarmonics<double> sh(6, normalization, form);
      const int size = sh.size();
      const auto d = derivatives(sh, v);
      double slope_error = 0, bend_error = 0, slope_scale = 0, bend_scale = 0;
      for (int b = 0; b < 3; ++b) {
        Numbers axis(v.size(), 0.0);
        std::fill_n(axis.begin() + b * n, n, 1.0);
        const auto slope = differences([&](const auto& x) { return values(sh, x); }, v, axis, 1e-3);
        const auto bend =
            differences([&](const auto& x) { return derivatives(sh, x).gradient; }, v, axis, 1e-3);
        slope_scale = std::max(slope_scale, largest(slope));
        bend_scale = std::max(bend_scale, largest(bend));
        for (int i = 0; i < size; ++i)
          for (int p = 0; p < n; ++p) {
            slope_error = std::max(
                slope_error, std::abs(slope[at(i * n + p)] - d.gradient[at((3 * i + b) * n + p)]));
            for (int a = 0; a < 3; ++a) {
              const int low = std::min(a, b), high = std::max(a, b);
              const int k = low * (5 - low) / 2 + high;
              bend_error = std::max(bend_error, std::abs(bend[at((3 * i + a) * n + p)] -
                                                         d.hessian[at((6 * i + k) * n + p)]));
            }
          }
      }
      INFO("gradient " << slope_error / slope_scale << " Hessian " << bend_error / bend_scale);
      CHECK(slope_error < 1e-7 * slope_scale);
      CHECK(bend_error < 1e-7 * bend_scale);
    }
}

TEST_CASE("solid harmonics are homogeneous and harmonic, surface harmonics have no radial slope") {
  constexpr int n = 19, l_max = 12;
  auto v = normal(3 * n, 3);
  for (const auto form : forms) {
    const SphericalHarmonics<double> sh(l_max, Normalization::norm, form);
    const auto d = derivatives(sh, v);
    double euler = 0, laplace = 0, nonzero = 0;
    for (int l = 0; l <= l_max; ++l)
      for (int i = harmonic_index(l, -l); i <= harmonic_index(l, l); ++i)
        for (int p = 0; p < n; ++p) {
          const auto gradient = [&](int k) { return d.gradient[at((3 * i + k) * n + p)]; };
          const auto hessian = [&](int k) { return d.hessian[at((6 * i + k) * n + p)]; };
          double r2 = 0, radial = 0;
          for (int k = 0; k < 3; ++k) {
            r2 += v[at(k * n + p)] * v[at(k * n + p)];
            radial += v[at(k * n + p)] * gradient(k);
          }
          const double y = d.y[at(i * n + p)];
          // On the sphere of radius r the Laplacian of a surface harmonic is -l (l + 1) / r^2.
          const bool solid = form == HarmonicForm::solid;
          const double scale = solid ? std::pow(std::max(r2, 1.0), l / 2.0) : 1;
          euler = std::max(euler, std::abs(radial - (solid ? l * y : 0)) / scale);
          const double sum = hessian(0) + hessian(3) + hessian(5);
          laplace = std::max(laplace,
                             std::abs(sum * r2 + (solid ? 0 : l * (l + 1) * y)) / scale / (r2 + 1));
          nonzero = std::max(nonzero, std::abs(hessian(0)) / scale);
        }
    INFO("Euler " << euler << " Laplace " << laplace);
    CHECK(euler < 1e-12);
    CHECK(laplace < 1e-11);
    CHECK(nonzero > 1);
  }
}

TEST_CASE("axes, poles and the zero vector give no NaN") {
  const auto v = special_points();
  const auto n = static_cast<int>(v.size() / 3);
  constexpr int zero = 6, tiny = 12, tinier = 13;
  for (const auto form : forms) {
    const SphericalHarmonics<double> sh(8, Normalization::component, form);
    const auto d = derivatives(sh, v);
    const auto g = normal(n * sh.size(), 4), dg = normal(n * sh.size(), 5), dv = normal(3 * n, 6);
    Numbers change(v.size());
    sh.backward_tangent(v.data(), dv.data(), n, n, g.data(), dg.data(), change.data());
    const auto finite = [](const Numbers& a) { return largest(a) < 1e12; };
    CHECK(finite(d.y));
    CHECK(finite(d.gradient));
    CHECK(finite(d.hessian));
    CHECK(finite(tangent(sh, v, dv)));
    CHECK(finite(backward(sh, v, g)));
    CHECK(finite(change));
    for (const int p : {zero, tiny, tinier}) {
      CHECK(d.y[at(p)] == 1);
      for (int i = 1; i < sh.size(); ++i) CHECK(std::abs(d.y[at(i * n + p)]) < 1e-150);
      if (form == HarmonicForm::solid) continue;
      for (int i = 0; i < 3 * sh.size(); ++i) CHECK(d.gradient[at(i * n + p)] == 0);
      for (int i = 0; i < 6 * sh.size(); ++i) CHECK(d.hessian[at(i * n + p)] == 0);
      for (int k = 0; k < 3; ++k) CHECK(change[at(k * n + p)] == 0);
    }
  }
  // At the pole +y of surface form only m = 0 is there, and only m = +-1 has a slope.
  const SphericalHarmonics<double> sh(8, Normalization::norm);
  const auto d = derivatives(sh, v);
  for (int l = 1; l <= 8; ++l)
    for (int m = -l; m <= l; ++m) {
      const int i = harmonic_index(l, m);
      CHECK(d.y[at(i * n + 2)] == Approx(m == 0).margin(1e-15));
      const double slope = std::sqrt(l * (l + 1) / 2.0);
      CHECK(d.gradient[at(3 * i * n + 2)] == Approx(m == -1 ? slope : 0).margin(1e-13));
      CHECK(d.gradient[at((3 * i + 1) * n + 2)] == Approx(0).margin(1e-13));
      CHECK(d.gradient[at((3 * i + 2) * n + 2)] == Approx(m == 1 ? slope : 0).margin(1e-13));
    }
}

TEST_CASE("tangents and their transposes agree with gradients and Hessians") {
  for (const int n : {1, 8, 21})
    for (const auto form : forms) {
      const SphericalHarmonics<double> sh(5, Normalization::component, form);
      const int size = sh.size();
      const auto v = normal(3 * n, 7), dv = normal(3 * n, 8);
      const auto g = normal(n * size, 9), dg = normal(n * size, 10);
      const auto d = derivatives(sh, v);
      Numbers dy(at(n * size), 0.0), pull(v.size(), 0.0), change(v.size(), 0.0);
      const int entry[3][3] = {{0, 1, 2}, {1, 3, 4}, {2, 4, 5}};
      for (int i = 0; i < size; ++i)
        for (int p = 0; p < n; ++p)
          for (int a = 0; a < 3; ++a) {
            const double slope = d.gradient[at((3 * i + a) * n + p)];
            dy[at(i * n + p)] += slope * dv[at(a * n + p)];
            pull[at(a * n + p)] += slope * g[at(i * n + p)];
            change[at(a * n + p)] += slope * dg[at(i * n + p)];
            for (int b = 0; b < 3; ++b)
              change[at(a * n + p)] += d.hessian[at((6 * i + entry[a][b]) * n + p)] *
                                       dv[at(b * n + p)] * g[at(i * n + p)];
          }
      Numbers result(v.size());
      sh.backward_tangent(v.data(), dv.data(), n, n, g.data(), dg.data(), result.data());
      INFO("tangent " << difference(tangent(sh, v, dv), dy) / largest(dy) << " backward "
                      << difference(backward(sh, v, g), pull) / largest(pull) << " change "
                      << difference(result, change) / largest(change));
      CHECK(difference(tangent(sh, v, dv), dy) < 1e-12 * largest(dy));
      CHECK(difference(backward(sh, v, g), pull) < 1e-12 * largest(pull));
      CHECK(difference(result, change) < 1e-12 * largest(change));
      const auto numeric = differences(
          [&](const Numbers& both) {
            const auto cut = both.begin() + 3 * n;
            return backward(sh, Numbers(both.begin(), cut), Numbers(cut, both.end()));
          },
          [&] {
            Numbers both = v;
            both.insert(both.end(), g.begin(), g.end());
            return both;
          }(),
          [&] {
            Numbers both = dv;
            both.insert(both.end(), dg.begin(), dg.end());
            return both;
          }(),
          1e-4);
      CHECK(difference(result, numeric) < 1e-7 * largest(numeric));
      Numbers without(v.size());
      const Numbers nothing(dg.size(), 0.0);
      sh.backward_tangent(v.data(), dv.data(), n, n, g.data(), nothing.data(), without.data());
      CHECK(difference(result, without) > 1e-3 * largest(numeric));
    }
}

TEST_CASE("a range of a larger array, and single precision") {
  constexpr int n = 40, first = 3, count = 30;
  const auto v = normal(3 * n, 11);
  const SphericalHarmonics<double> sh(4);
  const auto all = derivatives(sh, v);
  Numbers y(all.y.size(), 7.0), gradient(all.gradient.size(), 7.0);
  sh.evaluate(v.data() + first, count, n, y.data() + first, gradient.data() + first);
  const auto expected = [](const Numbers& whole, std::size_t i) {
    const bool inside = i % n >= first && i % n < first + count;
    return inside ? whole[i] : 7.0;
  };
  double worst = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    worst = std::max(worst, std::abs(y[i] - expected(all.y, i)));
  for (std::size_t i = 0; i < gradient.size(); ++i)
    worst = std::max(worst, std::abs(gradient[i] - expected(all.gradient, i)));
  CHECK(worst == 0);

  const SphericalHarmonics<float> single(4);
  std::vector<float> vf(v.begin(), v.end()), yf(all.y.size()), gf(all.gradient.size());
  single.evaluate(vf.data(), n, n, yf.data(), gf.data());
  worst = 0;
  for (std::size_t i = 0; i < yf.size(); ++i) worst = std::max(worst, std::abs(yf[i] - all.y[i]));
  CHECK(worst < 1e-5);
  for (std::size_t i = 0; i < gf.size(); ++i)
    worst = std::max(worst, std::abs(gf[i] - all.gradient[i]) / largest(all.gradient));
  CHECK(worst < 1e-5);
}

TEST_CASE("mistakes in harmonics") {
  CHECK_THROWS_AS(SphericalHarmonics<double>(-1), Error);
  CHECK_THROWS_AS(spherical_harmonics(2, Eigen::MatrixXd::Zero(2, 4)), Error);
  CHECK(spherical_harmonics(2, Eigen::MatrixXd::Zero(3, 0)).rows() == 9);
}
