// SPDX-License-Identifier: MIT
// The picture: each shape as it was turned, and the network's answer.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "support/picture.hpp"
#include "tetris/shapes.hpp"

namespace example {

/// Cubes seen from the front, those behind first; the faces that look at us, by how much they do.
inline void draw_cubes(Picture& picture, double cx, double cy, double scale,
                       const Eigen::MatrixXd& centers, const Eigen::Matrix3d& turn) {
  struct Face {
    double depth;
    std::vector<Polyline> outline;
    double light;
    std::vector<std::pair<double, double>> corners;
  };
  std::vector<Face> faces;
  for (int cube = 0; cube < centers.cols(); ++cube)
    for (int axis = 0; axis < 3; ++axis)
      for (const double side : {-0.5, 0.5}) {
        const Eigen::Vector3d normal = turn.col(axis) * (side > 0 ? 1 : -1);
        if (normal(2) <= 0) continue;
        const Eigen::Vector3d u = turn.col((axis + 1) % 3), v = turn.col((axis + 2) % 3);
        const Eigen::Vector3d middle = centers.col(cube) + 0.5 * normal;
        Face face{middle(2), {}, normal(2), {}};
        for (const auto& [a, b] : {std::pair{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}}) {
          const Eigen::Vector3d corner = middle + a * u + b * v;
          face.corners.emplace_back(cx + scale * corner(0), cy - scale * corner(1));
        }
        Polyline line(face.corners.begin(), face.corners.end());
        line.push_back(line.front());
        face.outline = {line};
        faces.push_back(std::move(face));
      }
  std::sort(faces.begin(), faces.end(),
            [](const Face& a, const Face& b) { return a.depth < b.depth; });
  for (const Face& face : faces) {
    double low_x = face.corners[0].first, high_x = low_x, low_y = face.corners[0].second,
           high_y = low_y;
    for (const auto& [x, y] : face.corners) {
      low_x = std::min(low_x, x);
      high_x = std::max(high_x, x);
      low_y = std::min(low_y, y);
      high_y = std::max(high_y, y);
    }
    const auto shade = [&](double full) {
      return static_cast<std::uint8_t>(full * (0.45 + 0.55 * face.light));
    };
    for (int y = static_cast<int>(low_y); y <= static_cast<int>(high_y) + 1; ++y)
      for (int x = static_cast<int>(low_x); x <= static_cast<int>(high_x) + 1; ++x) {
        // Inside a convex outline all cross products have one sign.
        bool left = true, right = true;
        for (std::size_t k = 0; k < 4; ++k) {
          const auto& [ax, ay] = face.corners[k];
          const auto& [bx, by] = face.corners[(k + 1) % 4];
          const double side = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
          left = left && side >= 0;
          right = right && side <= 0;
        }
        if (left || right) picture.set(x, y, {shade(146), shade(197), shade(222)});
      }
    picture.stroke(face.outline, 1.4, {40, 60, 80});
  }
}

/// Two rows of four shapes, each with bars for the seven numbers of its answer.
template <class Field>
void draw_answers(const std::string& path, const std::vector<orthogonal<3>::element>& elements,
                  const Field& answers) {
  constexpr int tile = 190, below = 84, left = 16, top = 46;
  Picture picture(2 * left + 4 * tile, top + 2 * (tile + below));
  picture.text(left, 14, "Shapes turned at random and the network's answer: 1x0o + 6x0e", 1.5);
  for (int shape = 0; shape < shape_count; ++shape) {
    const int x = left + shape % 4 * tile, y = top + shape / 4 * (tile + below);
    const Eigen::Matrix3d turn = orthogonal<3>::action(elements[static_cast<std::size_t>(shape)]);
    draw_cubes(picture, x + tile / 2.0, y + tile / 2.0, 38, turn * positions_of(shape), turn);
    const int guess = shape_of(answers, shape);
    picture.text(x + 8, y + tile - 4, shapes[static_cast<std::size_t>(guess)].name, 1.1,
                 guess == shape ? Color{40, 40, 40} : Color{178, 24, 43});
    const int zero = y + tile + 42;
    for (int c = 0; c < answer_size; ++c) {
      const double value = std::clamp(static_cast<double>(answers(shape, c)), -1.2, 1.2);
      const int height = static_cast<int>(24 * value);
      for (int i = 0; i < 18; ++i)
        for (int j = std::min(0, -height); j <= std::max(0, -height); ++j)
          picture.set(x + 10 + 24 * c + i, zero + j,
                      c == 0 ? Color{178, 24, 43} : Color{33, 102, 172});
    }
    picture.line(x + 6, zero, x + 10 + 24 * answer_size, zero, {120, 120, 120});
  }
  picture.write_png(path);
}

}  // namespace example
