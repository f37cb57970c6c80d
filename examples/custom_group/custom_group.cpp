// SPDX-License-Identifier: MIT
// A network that commutes with the turns of a picture and with the inversion of its contrast: a
// group that the library does not know. All that it needs is in contrast.hpp.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <gsteer/check/equivariance.hpp>
#include <gsteer/check/group_laws.hpp>
#include <gsteer/check/representation_laws.hpp>
#include <gsteer/layer/conv.hpp>
#include <gsteer/layer/pointwise.hpp>
#include <gsteer/layer/sequential.hpp>
#include <gsteer/train/initialization.hpp>
#include <string>

#include "contrast.hpp"

using namespace gsteer;

namespace {

constexpr turns_and_contrast G{};
constexpr auto image = irrep<G, 1, 0>;                     // one channel, negated with the contrast
constexpr auto cells = 4 * representation_of<polarities>;  // bright or dark
constexpr auto hidden = 4 * regular<G>;    // eight channels a field, one for each element
constexpr auto gradient = irrep<G, 1, 1>;  // an arrow that turns with the picture, and with the
                                           // contrast inverted points to the other side

// No linear map makes an image blind to the sign of its contrast; the compiler knows. (And that a
// ReLU on the image would break the symmetry: ReLU<image> does not compile. On cells it is fine.)
static_assert(kernel_dimension<image, trivial<G>>(kernel_size(5)) == 0);

template <class Scalar>
auto make_network() {
  auto net = Sequential{Conv2d<image, cells, 5, Scalar>{{.padding = 2}}, ReLU<cells, Scalar>{},
                        Conv2d<cells, hidden, 5, Scalar>{{.padding = 2}}, ReLU<hidden, Scalar>{},
                        Conv2d<hidden, gradient, 3, Scalar>{{.padding = 1}}};
  initialize(net, Rng{2});
  return net;
}

/// Prints whether the laws hold. \returns whether they do
bool report_laws(const law_report& report, const std::string& of) {
  double worst = 0;
  for (const auto& [law, residual] : report.laws) worst = std::max(worst, residual);
  for (const auto& text : report.complaints()) std::printf("  %s\n", text.c_str());
  std::printf("%s: %zu laws tried, off by at most %.0e\n", of.c_str(), report.laws.size(), worst);
  return report.complaints().empty();
}

template <auto In, auto Out, int Size>
void report_kernels() {
  constexpr int kernels = kernel_dimension<In, Out>(kernel_size(Size));
  std::printf("  %d x %d: %4d of %4d dimensions, %s -> %s\n", Size, Size, kernels,
              In.size() * Out.size() * Size * Size, features_of<In>::name().c_str(),
              features_of<Out>::name().c_str());
}

struct worst_errors {
  double turned = 0, inverted = 0;
};

/// Prints |f(g x) - g f(x)| / |f(x)| for every g.
template <class Function, class Image>
worst_errors report_errors(const char* of, const Image& x, Function&& f) {
  worst_errors worst;
  for (const bool inverted : {false, true}) {
    std::printf("  %-18s %-9s", inverted ? "" : of, inverted ? "inverted" : "as it is");
    for (int turns = 0; turns < 4; ++turns) {
      const double error =
          equivariance_error_of(f, turns_and_contrast::element{{turns}, inverted}, x);
      double& kept = inverted ? worst.inverted : worst.turned;
      kept = std::max(kept, error);
      std::printf("  %8.1e", error);
    }
    std::printf("\n");
  }
  return worst;
}

template <class Scalar>
bool report_network(const char* of, double tolerance) {
  const auto net = make_network<Scalar>().freeze();
  GridField<image, Scalar> x(2, 15, 15);
  Rng rng{3};
  for (auto& value : x.values()) value = static_cast<Scalar>(rng.normal());

  const auto forward = [&](const auto& input) { return net.forward(input); };
  const auto kept = report_errors(of, x, forward);
  // A control, to see that the test can fail: more light is no symmetry of the contrast.
  const auto broken = report_errors("  with more light", x, [&](auto input) {
    for (auto& value : input.values()) value += 1;
    return net.forward(input);
  });
  return std::max(kept.turned, kept.inverted) < tolerance && broken.turned < tolerance &&
         broken.inverted > 0.01;
}

}  // namespace

int main() try {
  bool passed = report_laws(check_group<turns_and_contrast>(Rng{1}), "group C4 x contrast");
  passed &= report_laws(check_representation<polarities>(Rng{1}), "field polarities");

  std::printf("\nequivariant kernels, among all\n");
  report_kernels<image, cells, 5>();
  report_kernels<cells, hidden, 5>();
  report_kernels<hidden, gradient, 3>();
  auto net = make_network<float>();
  std::printf("the network has %zu parameters\n", parameter_count(net));

  std::printf("\n%-30s  %8s  %8s  %8s  %8s\n", "equivariance error, turned by", "0", "90", "180",
              "270");
  passed &= report_network<float>("float", 1e-5);
  passed &= report_network<double>("double", 1e-12);
  std::printf("\n%s\n", passed ? "all checks passed" : "a check FAILED");
  return passed ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "custom_group: %s\n", e.what());
  return 1;
}
