// SPDX-License-Identifier: MIT
#include "gsteer/layer/kernels/coupled_mixing.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/group/cyclic.hpp"
#include "gsteer/group/orthogonal3.hpp"
#include "gsteer/group/polyhedral.hpp"
#include "gsteer/layer/kernels/harmonic_mixing.hpp"

using namespace gsteer;

namespace {

using Numbers = std::vector<double>;

Numbers random_numbers(std::size_t count, Rng& rng) {
  Numbers all(count);
  for (double& v : all) v = rng.normal();
  return all;
}

double distance(const Numbers& a, const Numbers& b) {
  REQUIRE(a.size() == b.size());
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(difference / norm);
}

/// Against the matrices of the plan, with plain loops.
template <auto In, auto Out>
void check() {
  INFO(features_of<In>::name());
  Rng rng(1);
  const kernel_space space = kernel_space_of<features_of<In>, features_of<Out>>(kernel_size(3));
  const KernelFilters filters(space);
  const HarmonicPlan<double> plan(space, filters);
  std::vector<int> starts;
  int row = 0;
  for (const auto& group : plan.in) {
    starts.push_back(row);
    row += static_cast<int>(group.filters.size()) * group.channels;
  }
  const detail::CoupledMixing<double> coupled(space, filters, plan, starts, row);
  const auto size = [](int i) { return static_cast<std::size_t>(i); };
  REQUIRE(coupled.size() == size(space.size));

  const int nodes = 37;  // pieces and a rest
  Numbers weights = random_numbers(size(space.size), rng);
  Numbers dense(plan.size), factors(coupled.size());
  plan.load(weights.data(), dense.data());
  coupled.load(weights.data(), factors.data());
  const Numbers r = random_numbers(size(nodes * row), rng);
  Numbers g = random_numbers(size(nodes * plan.out_channels), rng);

  Numbers v(g.size()), expected_v(g.size()), gr(r.size()), expected_gr(r.size());
  Numbers d_dense(plan.size), d_factors(coupled.size());
  Numbers turned = r;  // as the matrices of the plan take them
  for (std::size_t i = 0; i < plan.in.size(); ++i)
    detail::couple_frequencies<double>(plan.in[i], turned.data() + starts[i], row, nodes);
  for (const auto& b : plan.blocks) {
    const int in = starts[size(b.in)] + b.first_filter * plan.in[size(b.in)].channels;
    const int out = plan.out[size(b.out)].first;
    for (int n = 0; n < nodes; ++n)
      for (int i = 0; i < b.rows; ++i)
        for (int j = 0; j < b.cols; ++j) {
          const std::size_t place = b.offset + size(i * b.cols + j);
          const std::size_t from = size(n * row + in + i),
                            to = size(n * plan.out_channels + out + j);
          expected_v[to] += turned[from] * dense[place];
          expected_gr[from] += g[to] * dense[place];
          d_dense[place] += turned[from] * g[to];
        }
  }
  for (std::size_t i = 0; i < plan.in.size(); ++i)
    detail::uncouple_frequencies<double>(plan.in[i], expected_gr.data() + starts[i], row, nodes);
  coupled.mix(r.data(), nodes, factors.data(), v.data());
  CHECK(distance(v, expected_v) < 1e-13);
  coupled.unmix(g.data(), nodes, factors.data(), gr.data());
  CHECK(distance(gr, expected_gr) < 1e-13);
  for (int task = 0; task < coupled.tasks(); ++task)
    coupled.add_gradient(task, r.data(), g.data(), nodes, d_factors.data());
  Numbers gradient(weights.size()), expected_gradient(weights.size());
  coupled.store(d_factors.data(), gradient.data());
  plan.store(d_dense.data(), expected_gradient.data());
  CHECK(distance(gradient, expected_gradient) < 1e-13);

  // The control: another coefficient.
  weights.back() += 1;
  coupled.load(weights.data(), factors.data());
  coupled.mix(r.data(), nodes, factors.data(), v.data());
  CHECK(distance(v, expected_v) > 1e-3);
}

}  // namespace

TEST_CASE("coupled, then mixed, is what the matrices of the plan do", "[conv]") {
  check<3 * trivial<SO<3>> + 5 * irrep<SO<3>, 1> + 2 * irrep<SO<3>, 2>,
        4 * irrep<SO<3>, 2> + 9 * irrep<SO<3>, 1> + trivial<SO<3>>>();
  check<2 * irrep<O<3>, 1, 1> + trivial<O<3>> + 3 * irrep<O<3>, 0, 1>,
        3 * irrep<O<3>, 1, 1> + irrep<O<3>, 0, 2>>();
  check<2 * regular<octahedral> + irrep<octahedral, 0, 1>, regular<octahedral>>();
  check<3 * regular<C<8>> + trivial<C<8>>, trivial<C<8>> + 2 * regular<C<8>>>();
}
