// SPDX-License-Identifier: MIT
// The picture: a digit as it turns, a feature field that turns with it, and what two networks take
// it for.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "gsteer/gsteer.hpp"
#include "rotated_digits/digits.hpp"
#include "support/picture.hpp"

namespace example {

struct Guess {
  int digit = 0;
  double probability = 0;
};

template <class Frozen, class Image>
Guess guess(const Frozen& net, const Image& image) {
  const auto scores = net.forward(image);
  double sum = 0;
  Guess best;
  for (int c = 1; c < 10; ++c)
    if (scores(0, c) > scores(0, best.digit)) best.digit = c;
  for (int c = 0; c < 10; ++c)
    sum += std::exp(static_cast<double>(scores(0, c) - scores(0, best.digit)));
  best.probability = 1 / sum;
  return best;
}

/// For eight angles: the turned digit, the first regular field after the first convolution as
/// strength (sum over its orientations) with arrows (their mean direction), and both networks'
/// guesses.
template <auto G, class Net, class PlainNet>
void draw_turning_digit(const std::string& path, const Net& net, const PlainNet& plain,
                        const gsteer::GridField<gsteer::trivial<G>>& digit, int label,
                        const std::string& group_name) {
  using namespace gsteer;
  constexpr int scale = 5, tile = 29 * scale, gap = 10, left = 16, top = 66, angles = 8;
  Picture picture(2 * left + angles * (tile + gap) - gap, top + 2 * (tile + gap) + 58);
  picture.text(left, 14,
               std::string("A ")
                   .append(std::to_string(label))
                   .append(" turned in steps of 45 degrees, and one ")
                   .append(group_name)
                   .append(" field of the first layer: it turns along"),
               1.6);
  const auto frozen = net.freeze();
  const auto plain_frozen = plain.freeze();
  const auto convolution = net.template layer<0>().freeze();
  const auto norm = net.template layer<1>().freeze();
  const auto relu = net.template layer<2>().freeze();
  const auto features = [&](const auto& image) {
    return relu.forward(norm.forward(convolution.forward(image)));
  };
  // Of the fields of the first layer, the one that says most about direction.
  constexpr int order = group_of<G>::order;
  const auto upright = features(digit);
  const auto direction = [&](const auto& f, int field, int y, int x) {
    std::array<double, 3> sum{};
    for (int k = 0; k < order; ++k) {
      const double value = static_cast<double>(f(0, field * order + k, y, x));
      const Eigen::Vector2d d = group_of<G>::action(group_of<G>::element_at(k)).col(1);
      sum[0] += value * d(0);
      sum[1] += value * d(1);
      sum[2] += value;
    }
    return sum;
  };
  int chosen = 0;
  double best = -1, strongest = 0, longest = 0;
  for (int field = 0; field < upright.channels() / order; ++field) {
    double length = 0, most = 0, farthest = 0;
    for (int y = 0; y < 29; ++y)
      for (int x = 0; x < 29; ++x) {
        const auto [dx, dy, strength] = direction(upright, field, y, x);
        length += std::hypot(dx, dy);
        most = std::max(most, strength);
        farthest = std::max(farthest, std::hypot(dx, dy));
      }
    if (length > best) {
      best = length;
      chosen = field;
      strongest = most;
      longest = farthest;
    }
  }
  const Color ink{200, 60, 30}, right{30, 120, 60}, wrong{190, 40, 40};
  for (int a = 0; a < angles; ++a) {
    const int x0 = left + a * (tile + gap);
    const auto turned = rotate_grid(digit, plane_rotation(a / 8.0), Resampling::cubic);
    picture.text(x0, top - 18, std::to_string(45 * a) + " degrees", 1.1);
    picture.map(x0, top, turned.data(), 29, 29, scale, [](double v) { return gray(1 - v); });
    picture.frame(x0, top, tile, tile, {190, 190, 190});
    const auto f = features(turned);
    std::vector<double> strength;
    for (int y = 0; y < 29; ++y)
      for (int x = 0; x < 29; ++x) strength.push_back(direction(f, chosen, y, x)[2] / strongest);
    const int y0 = top + tile + gap;
    picture.map(x0, y0, strength.data(), 29, 29, scale,
                [](double v) { return gray(1 - 0.45 * v); });
    picture.frame(x0, y0, tile, tile, {190, 190, 190});
    for (int y = 1; y < 29; y += 2)
      for (int x = 1; x < 29; x += 2) {
        const auto [dx, dy, s] = direction(f, chosen, y, x);
        const double length = std::hypot(dx, dy) / longest * 2.2 * scale;
        if (length < 0.3 * scale) continue;
        const double cx = x0 + (x + 0.5) * scale, cy = y0 + (y + 0.5) * scale;
        const double ux = dx / longest * 2.2 * scale, uy = -dy / longest * 2.2 * scale;
        picture.arrow(cx - ux / 2, cy - uy / 2, cx + ux / 2, cy + uy / 2, ink);
      }
    const auto say = [&](int y, const std::string& who, const Guess& g) {
      picture.text(x0, y,
                   who + ": " + std::to_string(g.digit) + "  " +
                       std::to_string(static_cast<int>(std::lround(100 * g.probability))) + " %",
                   1.3, g.digit == label ? right : wrong);
    };
    say(y0 + tile + 12, group_name, guess(frozen, turned));
    GridField<trivial<C<1>>> same(1, 29, 29);
    std::copy(turned.values().begin(), turned.values().end(), same.values().begin());
    say(y0 + tile + 34, "CNN", guess(plain_frozen, same));
  }
  picture.write_png(path);
}

}  // namespace example
