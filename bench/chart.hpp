// SPDX-License-Identifier: MIT
// Small line charts side by side, as SVG.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace bench {

/// Points joined by lines; those with y = 0 are left out.
struct Curve {
  std::string name;
  std::vector<double> y;
};

/// One chart: curves over the same x, y on a logarithmic axis.
struct Panel {
  std::string label;  ///< of the x axis
  std::vector<double> x;
  std::vector<Curve> curves;
  bool log_x = true;
};

class Chart {
 public:
  /// Panels in rows of `columns`. The legend stands above them; all panels have the same curves.
  Chart(std::string title, std::string subtitle, std::string y_label, std::vector<Panel> panels,
        int columns)
      : title_(std::move(title)),
        subtitle_(std::move(subtitle)),
        y_label_(std::move(y_label)),
        panels_(std::move(panels)),
        columns_(columns) {}

  /// False if the file cannot be written.
  bool write(const std::string& path) const {
    std::ofstream file(path);
    file << svg();
    return static_cast<bool>(file.flush());
  }

  std::string svg() const {
    const int count = static_cast<int>(panels_.size());
    const int rows = (count + columns_ - 1) / columns_;
    const double width = columns_ * cell_width + 20, height = rows * cell_height + top;
    std::ostringstream s;
    s << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << ' ' << height
      << "\" width=\"" << width << "\" height=\"" << height
      << "\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#222\">\n"
      << "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    text(s, 16, 24, title_, "font-size=\"15\" font-weight=\"bold\"");
    text(s, 16, 43, subtitle_);
    legend(s);
    for (int i = 0; i < count; ++i)
      panel(s, panels_[static_cast<std::size_t>(i)], i % columns_ * cell_width + left,
            i / columns_ * cell_height + top);
    s << "</svg>\n";
    return s.str();
  }

 private:
  static constexpr double cell_width = 300, cell_height = 255, top = 84, left = 62;
  static constexpr double plot_width = cell_width - 72, plot_height = cell_height - 60;

  /// An axis: from a value to a place on the page.
  struct Axis {
    double low, high, from, to;
    bool log;
    double operator()(double v) const {
      const double t = log ? std::log(v / low) / std::log(high / low) : (v - low) / (high - low);
      return from + t * (to - from);
    }
  };

  static void text(std::ostream& s, double x, double y, const std::string& words,
                   const std::string& style = "") {
    s << "<text x=\"" << x << "\" y=\"" << y << "\" " << style << '>';
    for (const char c : words) {
      if (c == '<')
        s << "&lt;";
      else if (c == '&')
        s << "&amp;";
      else
        s << c;
    }
    s << "</text>\n";
  }

  static std::string label(double v) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%g", v);
    return digits;
  }

  /// Colors that the color-blind can tell apart (Okabe and Ito), and a form for each.
  static void marker(std::ostream& s, double x, double y, std::size_t curve) {
    static const char* forms[] = {"M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0", "M-3.6,-3.6h7.2v7.2h-7.2z",
                                  "M0,-4.6l4.6,8h-9.2z", "M0,-5l5,5l-5,5l-5,-5z"};
    s << "<path d=\"" << forms[curve % 4] << "\" transform=\"translate(" << x << ' ' << y
      << ")\" fill=\"" << color(curve) << "\"/>\n";
  }
  static const char* color(std::size_t curve) {
    static const char* colors[] = {"#0072B2", "#D55E00", "#666666", "#009E73"};
    return colors[curve % 4];
  }

  void legend(std::ostream& s) const {
    double x = 16;
    for (std::size_t c = 0; c < panels_[0].curves.size(); ++c) {
      const std::string& name = panels_[0].curves[c].name;
      line(s, x, 62, x + 26, 62, color(c), 2);
      marker(s, x + 13, 62, c);
      text(s, x + 32, 66, name);
      x += 56 + 6.6 * static_cast<double>(name.size());
    }
  }

  static void line(std::ostream& s, double x0, double y0, double x1, double y1, const char* color,
                   double width) {
    s << "<line x1=\"" << x0 << "\" y1=\"" << y0 << "\" x2=\"" << x1 << "\" y2=\"" << y1
      << "\" stroke=\"" << color << "\" stroke-width=\"" << width << "\"/>\n";
  }

  /// 1, 2 and 5 times powers of ten within the axis; only the powers if that is enough.
  static std::vector<double> ticks(const Axis& axis) {
    std::vector<double> all, powers;
    for (int e = -12; e <= 12; ++e)
      for (const int m : {1, 2, 5}) {
        const double v = m * std::pow(10.0, e);
        if (v < axis.low || v > axis.high) continue;
        all.push_back(v);
        if (m == 1) powers.push_back(v);
      }
    return powers.size() >= 3 ? powers : all;
  }

  void panel(std::ostream& s, const Panel& p, double x0, double y0) const {
    double low = 1e300, high = 0;
    for (const auto& curve : p.curves)
      for (const double y : curve.y)
        if (y > 0) {
          low = std::min(low, y);
          high = std::max(high, y);
        }
    const auto [first, last] = std::minmax_element(p.x.begin(), p.x.end());
    const double margin = p.log_x ? std::pow(*last / *first, 0.05) : 0.05 * (*last - *first);
    const Axis x{p.log_x ? *first / margin : *first - margin,
                 p.log_x ? *last * margin : *last + margin, x0, x0 + plot_width, p.log_x};
    const Axis y{low / 1.4, high * 1.4, y0 + plot_height, y0, true};
    for (const double v : ticks(y)) {
      line(s, x0, y(v), x0 + plot_width, y(v), "#e4e4e4", 1);
      text(s, x0 - 6, y(v) + 4, label(v), "text-anchor=\"end\"");
    }
    for (const double v : p.x) {
      line(s, x(v), y0 + plot_height, x(v), y0 + plot_height + 4, "#888", 1);
      text(s, x(v), y0 + plot_height + 18, label(v), "text-anchor=\"middle\"");
    }
    s << "<rect x=\"" << x0 << "\" y=\"" << y0 << "\" width=\"" << plot_width << "\" height=\""
      << plot_height << "\" fill=\"none\" stroke=\"#888\"/>\n";
    text(s, x0 + plot_width / 2, y0 + plot_height + 36, p.label, "text-anchor=\"middle\"");
    std::ostringstream turned;
    turned << "text-anchor=\"middle\" transform=\"rotate(-90 " << x0 - 44 << ' '
           << y0 + plot_height / 2 << ")\"";
    text(s, x0 - 44, y0 + plot_height / 2, y_label_, turned.str());
    for (std::size_t c = 0; c < p.curves.size(); ++c) {
      s << "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" << color(c) << "\" points=\"";
      for (std::size_t i = 0; i < p.x.size(); ++i)
        if (p.curves[c].y[i] > 0) s << x(p.x[i]) << ',' << y(p.curves[c].y[i]) << ' ';
      s << "\"/>\n";
      for (std::size_t i = 0; i < p.x.size(); ++i)
        if (p.curves[c].y[i] > 0) marker(s, x(p.x[i]), y(p.curves[c].y[i]), c);
    }
  }

  std::string title_, subtitle_, y_label_;
  std::vector<Panel> panels_;
  int columns_;
};

}  // namespace bench
