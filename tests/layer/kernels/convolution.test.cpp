// SPDX-License-Identifier: MIT
#include "gsteer/layer/kernels/convolution.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <ostream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"

using namespace gsteer;

namespace {

using Numbers = std::vector<double>;

struct Case {
  Windows windows;
  int batch, c_out, c_in, groups;

  std::size_t inputs() const { return count(batch, c_in, windows.cells()); }
  std::size_t outputs() const { return count(batch, c_out, windows.outputs()); }
  std::size_t weights() const { return count(c_out, c_in / groups, windows.taps()); }

 private:
  static std::size_t count(int a, int b, int c) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c);
  }
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  const Windows& w = c.windows;
  return out << "size " << detail::Axes{w.size} << ", kernel " << detail::Axes{w.kernel}
             << ", stride " << detail::Axes{w.stride} << ", padding " << detail::Axes{w.padding}
             << ", dilation " << detail::Axes{w.dilation} << ", mode " << static_cast<int>(w.mode)
             << ", batch " << c.batch << ", channels " << c.c_in << " -> " << c.c_out << ", groups "
             << c.groups;
}

std::vector<Case> cases() {
  std::vector<Windows> grids{
      {.size = {1, 1, 17}, .kernel = {1, 1, 5}, .padding = {0, 0, 2}},
      {.size = {1, 1, 900}, .kernel = {1, 1, 3}, .padding = {0, 0, 1}},
      {.size = {1, 1, 900}, .kernel = {1, 1, 4}, .stride = {1, 1, 3}, .padding = {0, 0, 2}},
      {.size = {1, 7, 9}, .kernel = {1, 3, 5}, .padding = {0, 1, 2}},
      {.size = {1, 7, 9}, .kernel = {1, 3, 3}},
      {.size = {1, 6, 4}, .kernel = {1, 5, 3}, .padding = {0, 4, 3}},
      {.size = {1, 3, 2}, .kernel = {1, 5, 3}, .padding = {0, 2, 1}},
      // No wider than the padding: outer taps see nothing.
      {.size = {1, 1, 1}, .kernel = {1, 3, 3}, .padding = {0, 1, 1}},
      {.size = {1, 4, 2}, .kernel = {1, 5, 5}, .padding = {0, 2, 2}},
      {.size = {1, 3, 3}, .kernel = {1, 7, 7}, .stride = {1, 2, 2}, .padding = {0, 3, 3}},
      {.size = {1, 29, 31}, .kernel = {1, 5, 5}, .padding = {0, 2, 2}},
      {.size = {1, 9, 8}, .kernel = {1, 3, 3}, .stride = {1, 2, 3}, .padding = {0, 1, 1}},
      {.size = {1, 13, 9},
       .kernel = {1, 3, 3},
       .stride = {1, 2, 1},
       .padding = {0, 2, 2},
       .dilation = {1, 2, 2}},
      {.size = {1, 11, 11}, .kernel = {1, 3, 3}, .padding = {0, 2, 2}, .dilation = {1, 2, 2}},
      {.size = {1, 8, 8}, .kernel = {1, 1, 1}},
      {.size = {1, 25, 20}, .kernel = {1, 1, 1}},
      {.size = {1, 9, 9}, .kernel = {1, 1, 1}, .stride = {1, 2, 2}},
      {.size = {1, 1, 1}, .kernel = {1, 1, 1}},
      {.size = {5, 4, 6}, .kernel = {3, 3, 3}, .padding = {1, 1, 1}},
      {.size = {9, 8, 10}, .kernel = {5, 3, 1}, .padding = {2, 1, 0}},
      {.size = {5, 6, 7},
       .kernel = {3, 2, 3},
       .stride = {2, 1, 2},
       .padding = {1, 1, 2},
       .dilation = {2, 1, 1}},
  };
  struct Channels {
    int batch, c_out, c_in, groups;
  };
  std::vector<Case> all;
  for (auto w : grids) {
    for (auto mode : {Padding::zero, Padding::circular, Padding::reflect}) {
      w.mode = mode;
      for (std::size_t a = 0; a < 3; ++a) {
        const int most = mode == Padding::zero       ? w.padding[a]
                         : mode == Padding::circular ? w.size[a]
                                                     : w.size[a] - 1;
        w.padding[a] = std::min(w.padding[a], most);
        w.kernel[a] = std::min(w.kernel[a], (w.size[a] + 2 * w.padding[a] - 1) / w.dilation[a] + 1);
      }
      for (auto [batch, c_out, c_in, groups] :
           {Channels{3, 4, 2, 1}, {1, 2, 6, 1}, {3, 4, 6, 2}, {2, 3, 3, 3}, {2, 9, 1, 1}}) {
        all.push_back({w, batch, c_out, c_in, groups});
      }
    }
  }
  // Several blocks of input channels and of output channels.
  all.push_back({{.size = {1, 5, 5}, .kernel = {1, 5, 5}, .padding = {0, 2, 2}}, 9, 3, 45, 1});
  all.push_back({{.size = {1, 5, 5}, .kernel = {1, 3, 3}, .padding = {0, 1, 1}}, 2, 70, 2, 1});
  return all;
}

Numbers draw(std::size_t count, Rng& rng) {
  Numbers numbers(count);
  for (double& number : numbers) number = rng.normal();
  return numbers;
}

double dot(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double norm(const Numbers& a) { return std::sqrt(dot(a, a)); }

double distance(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

/// Index a cell beyond the edge stands for, by walking there one step at a time.
int wrap(int i, int n, Padding mode) {
  if (mode == Padding::zero) return i < 0 || i >= n ? -1 : i;
  if (mode == Padding::circular) return ((i % n) + n) % n;
  int at = 0, step = n > 1 ? 1 : 0;
  for (int s = 0; s < std::abs(i); ++s) {
    if (at + step < 0 || at + step >= n) step = -step;
    at += step;
  }
  return i >= 0 ? at : wrap(-i, n, mode);
}

/// Calls body(out, in, weight) for every product of the convolution, straight from its
/// definition.
template <class Body>
void for_each_product(const Case& c, Body&& body) {
  const Windows& w = c.windows;
  const auto m = w.output();
  const int per_in = c.c_in / c.groups, per_out = c.c_out / c.groups;
  for (int b = 0; b < c.batch; ++b)
    for (int o = 0; o < c.c_out; ++o)
      for (int z = 0; z < m[0]; ++z)
        for (int y = 0; y < m[1]; ++y)
          for (int x = 0; x < m[2]; ++x)
            for (int i = 0; i < per_in; ++i)
              for (int kz = 0; kz < w.kernel[0]; ++kz)
                for (int ky = 0; ky < w.kernel[1]; ++ky)
                  for (int kx = 0; kx < w.kernel[2]; ++kx) {
                    const auto at = [&](int out, int k, std::size_t a) {
                      return wrap(out * w.stride[a] - w.padding[a] + k * w.dilation[a], w.size[a],
                                  w.mode);
                    };
                    const int sz = at(z, kz, 0), sy = at(y, ky, 1), sx = at(x, kx, 2);
                    if (sz < 0 || sy < 0 || sx < 0) continue;
                    const int channel = o / per_out * per_in + i;
                    const auto &n = w.size, &k = w.kernel;
                    body(
                        std::size_t((((b * c.c_out + o) * m[0] + z) * m[1] + y) * m[2] + x),
                        std::size_t((((b * c.c_in + channel) * n[0] + sz) * n[1] + sy) * n[2] + sx),
                        std::size_t((((o * per_in + i) * k[0] + kz) * k[1] + ky) * k[2] + kx));
                  }
}

Numbers forward(const Case& c, const Numbers& in, const Numbers& kernel, const double* bias) {
  Numbers out(c.outputs(), 1e300);  // to be overwritten
  detail::convolve(out.data(), in.data(), kernel.data(), bias, c.windows, c.batch, c.c_out, c.c_in,
                   c.groups);
  return out;
}

Numbers adjoint(const Case& c, const Numbers& d_out, const Numbers& kernel) {
  Numbers d_in(c.inputs(), 1e300);
  detail::convolve_adjoint(d_in.data(), d_out.data(), kernel.data(), c.windows, c.batch, c.c_out,
                           c.c_in, c.groups);
  return d_in;
}

Numbers kernel_gradient(const Case& c, const Numbers& in, const Numbers& d_out) {
  Numbers d_kernel(c.weights(), 0.0);
  detail::convolve_kernel_gradient(d_kernel.data(), in.data(), d_out.data(), c.windows, c.batch,
                                   c.c_out, c.c_in, c.groups);
  return d_kernel;
}

struct ThreadCount {
  explicit ThreadCount(int count) { set_threads(count); }
  ~ThreadCount() { set_threads(0); }
};

}  // namespace

TEST_CASE("convolution and its gradients equal their definition", "[convolution]") {
  Rng rng(1);
  for (const Case& c : cases()) {
    CAPTURE(c);
    REQUIRE_NOTHROW(c.windows.validate("test"));
    const auto in = draw(c.inputs(), rng), kernel = draw(c.weights(), rng);
    const auto d_out = draw(c.outputs(), rng), bias = draw(std::size_t(c.c_out), rng);

    Numbers out(c.outputs()), d_in(c.inputs()), d_kernel(c.weights());
    for_each_product(c, [&](std::size_t o, std::size_t i, std::size_t k) {
      out[o] += kernel[k] * in[i];
      d_in[i] += kernel[k] * d_out[o];
      d_kernel[k] += in[i] * d_out[o];
    });
    const double tolerance = 1e-12;
    CHECK(distance(forward(c, in, kernel, nullptr), out) <= tolerance * norm(out));
    CHECK(distance(adjoint(c, d_out, kernel), d_in) <= tolerance * norm(d_in));
    CHECK(distance(kernel_gradient(c, in, d_out), d_kernel) <= tolerance * norm(d_kernel));

    auto shifted = out;
    const auto pixels = std::size_t(c.windows.outputs());
    for (std::size_t i = 0; i < out.size(); ++i) {
      shifted[i] += bias[i / pixels % std::size_t(c.c_out)];
    }
    CHECK(distance(forward(c, in, kernel, bias.data()), shifted) <= tolerance * norm(shifted));
  }
}

TEST_CASE("the adjoint and the kernel gradient are the adjoints of the convolution",
          "[convolution]") {
  Rng rng(2);
  for (const Case& c : cases()) {
    CAPTURE(c);
    const auto in = draw(c.inputs(), rng), kernel = draw(c.weights(), rng);
    const auto d_out = draw(c.outputs(), rng);
    const auto out = forward(c, in, kernel, nullptr);
    const double value = dot(out, d_out), scale = 1e-12 * norm(out) * norm(d_out);
    CHECK(std::abs(dot(in, adjoint(c, d_out, kernel)) - value) <= scale);
    CHECK(std::abs(dot(kernel, kernel_gradient(c, in, d_out)) - value) <= scale);
    // Negative control: the adjoint of another kernel must not pass.
    auto other = kernel;
    other[0] += 1e-6 * norm(kernel);
    if (std::abs(dot(in, adjoint(c, d_out, other)) - value) <= scale) {
      // No product but zeros with that weight: it must not matter to the output either.
      CHECK(distance(forward(c, in, other, nullptr), out) == 0);
    }
  }
}

TEST_CASE("the adjoint adds if asked to, the kernel gradient always", "[convolution]") {
  Rng rng(3);
  for (const Case& c : cases()) {
    CAPTURE(c);
    const auto in = draw(c.inputs(), rng), kernel = draw(c.weights(), rng);
    const auto d_out = draw(c.outputs(), rng);
    auto d_in = in;
    detail::convolve_adjoint(d_in.data(), d_out.data(), kernel.data(), c.windows, c.batch, c.c_out,
                             c.c_in, c.groups, true);
    auto expected = adjoint(c, d_out, kernel);
    for (std::size_t i = 0; i < in.size(); ++i) expected[i] += in[i];
    CHECK(distance(d_in, expected) <= 1e-12 * norm(expected));

    auto d_kernel = kernel;
    detail::convolve_kernel_gradient(d_kernel.data(), in.data(), d_out.data(), c.windows, c.batch,
                                     c.c_out, c.c_in, c.groups);
    auto sum = kernel_gradient(c, in, d_out);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += kernel[i];
    CHECK(distance(d_kernel, sum) <= 1e-12 * norm(sum));
  }
}

TEST_CASE("convolution gives the same bits for any number of threads", "[convolution]") {
  Rng rng(4);
  for (const Case& c : cases()) {
    CAPTURE(c);
    const auto in = draw(c.inputs(), rng), kernel = draw(c.weights(), rng);
    const auto d_out = draw(c.outputs(), rng);
    const auto run = [&](int threads) {
      const ThreadCount setting(threads);
      return std::array{forward(c, in, kernel, nullptr), adjoint(c, d_out, kernel),
                        kernel_gradient(c, in, d_out)};
    };
    const auto one = run(1);
    CHECK(run(2) == one);
    CHECK(run(3) == one);
  }
}

TEST_CASE("convolution in float is that in double, rounded", "[convolution]") {
  Rng rng(5);
  const Case c{
      {.size = {1, 12, 13}, .kernel = {1, 5, 5}, .padding = {0, 2, 2}, .mode = Padding::circular},
      2,
      8,
      24,
      1};
  const auto in = draw(c.inputs(), rng), kernel = draw(c.weights(), rng);
  const std::vector<float> in_float(in.begin(), in.end());
  const std::vector<float> kernel_float(kernel.begin(), kernel.end());
  std::vector<float> out(c.outputs());
  const float* no_bias = nullptr;
  detail::convolve(out.data(), in_float.data(), kernel_float.data(), no_bias, c.windows, c.batch,
                   c.c_out, c.c_in, c.groups);
  const auto expected = forward(c, in, kernel, nullptr);
  CHECK(distance(Numbers(out.begin(), out.end()), expected) <= 1e-5 * norm(expected));
}

TEST_CASE("a circular convolution commutes with shifts, one padded with zeros does not",
          "[convolution]") {
  Rng rng(6);
  Case c{{.size = {1, 6, 7}, .kernel = {1, 3, 5}, .padding = {0, 1, 2}}, 1, 2, 2, 1};
  const auto in = draw(c.inputs(), rng), kernel = draw(c.weights(), rng);
  const auto shift = [](const Numbers& numbers) {
    Numbers moved(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const std::size_t x = i % 7, y = i / 7 % 6, channel = i / 42;
      moved[channel * 42 + (y + 4) % 6 * 7 + (x + 2) % 7] = numbers[i];
    }
    return moved;
  };
  const auto error = [&](Padding mode) {
    c.windows.mode = mode;
    const auto out = forward(c, in, kernel, nullptr);
    return distance(forward(c, shift(in), kernel, nullptr), shift(out)) / norm(out);
  };
  CHECK(error(Padding::circular) < 1e-14);
  CHECK(error(Padding::zero) > 0.1);
  CHECK(error(Padding::reflect) > 0.1);
}

TEST_CASE("windows are symmetric if and only if reflected windows are windows", "[windows]") {
  for (int n = 1; n < 9; ++n)
    for (int k = 1; k <= n; ++k)
      for (int s = 1; s < 5; ++s)
        for (int p = 0; p < 3; ++p) {
          const Windows w{
              .size = {1, 1, n}, .kernel = {1, 1, k}, .stride = {1, 1, s}, .padding = {0, 0, p}};
          CAPTURE(n, k, s, p);
          const int m = w.output()[2];
          bool maps = true;  // the last tap of window m - 1 - o is the reflected first tap of o
          for (int o = 0; o < m; ++o) {
            const int first = o * s - p, last = (m - 1 - o) * s - p + k - 1;
            maps = maps && first == n - 1 - last;
          }
          CHECK(w.symmetric(2) == maps);
          CHECK(w.symmetric() == maps);
        }
}

TEST_CASE("windows that cannot be are refused with what was expected and what came", "[windows]") {
  using Catch::Matchers::ContainsSubstring;
  const auto refuse = [](const Windows& w, const std::string& text) {
    CHECK_THROWS_WITH(w.validate("Conv2d"),
                      ContainsSubstring("Conv2d: ") && ContainsSubstring(text));
    CHECK_THROWS_AS(w.validate("Conv2d"), Error);
  };
  refuse({.size = {1, 0, 5}}, "expected a positive size on every axis (z, y, x), got (1, 0, 5)");
  refuse({.size = {1, 5, 5}, .kernel = {1, -3, 3}}, "positive kernel size");
  refuse({.size = {1, 5, 5}, .stride = {1, 1, 0}}, "positive stride");
  refuse({.size = {1, 5, 5}, .dilation = {1, 0, 1}}, "positive dilation");
  refuse({.size = {1, 5, 5}, .padding = {0, 0, -1}}, "padding >= 0");
  refuse({.size = {1, 5, 5}, .kernel = {1, 3, 7}}, "fits into the padded grid");
  refuse({.size = {1, 5, 5}, .kernel = {1, 3, 3}, .dilation = {1, 3, 1}},
         "dilation (1, 3, 1) (z, y, x)");
  refuse({.size = {1, 5, 5}, .padding = {0, 5, 0}, .mode = Padding::reflect},
         "expected less than (1, 5, 5), got (0, 5, 0)");
  refuse({.size = {1, 5, 5}, .padding = {0, 0, 6}, .mode = Padding::circular},
         "expected at most (1, 5, 5), got (0, 0, 6)");
  refuse({.size = {1 << 11, 1 << 11, 1 << 11}}, "product over the axes");
  refuse({.size = {1, 1, 5}, .kernel = {1, 1, 3}, .dilation = {1, 1, 2147483647}}, "fits");
  refuse({.size = {1, 1, 5}, .padding = {0, 0, 2147483647}}, "padded grid of at most");
  refuse({.size = {1, 1 << 12, 1 << 12}, .padding = {0, 1 << 20, 1 << 20}}, "number of windows");

  CHECK_NOTHROW(
      Windows{.size = {1, 5, 5}, .padding = {0, 5, 5}, .mode = Padding::circular}.validate(
          "Conv2d"));
  CHECK_NOTHROW(
      Windows{.size = {1, 5, 5}, .stride = {1, 2147483647, 2147483647}}.validate("Conv2d"));
}

TEST_CASE("convolution refuses groups and counts that cannot be", "[convolution]") {
  using Catch::Matchers::ContainsSubstring;
  const Numbers zeros(64);
  Numbers out(64);
  const double* no_bias = nullptr;
  const auto run = [&](int batch, int c_out, int c_in, int groups) {
    detail::convolve(out.data(), zeros.data(), zeros.data(), no_bias, {}, batch, c_out, c_in,
                     groups);
  };
  CHECK_NOTHROW(run(1, 4, 6, 2));
  CHECK_THROWS_WITH(run(1, 4, 6, 4),
                    ContainsSubstring("divides the channels, got 4 groups, 4 output"));
  CHECK_THROWS_WITH(run(1, 4, 6, 0), ContainsSubstring("got 0 groups"));
  CHECK_THROWS_WITH(run(0, 4, 6, 1), ContainsSubstring("got batch 0"));
  CHECK_THROWS_WITH(run(1, 0, 6, 1), ContainsSubstring("0 output"));
}
