// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "gsteer/core/parallel.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/layer/parameter.hpp"

namespace gsteer {

/// Copies of a network that work on the parts of a batch side by side, one thread each: for small
/// graphs, whose loops are too short to share.
///   Replicas replicas{net, 4};
///   replicas.run([&](auto& copy, int part) { ... copy.backward(...) for this part's items ... });
///   optimizer.step();
/// The result depends on the number of parts, not on that of threads. What the network records
/// along the way (running statistics) is recorded by the first part alone. Random layers draw anew
/// for each part.
template <class Net>
class Replicas {
 public:
  /// The network is the first of the replicas and must stay where it is. \throws Error unless there
  /// is at least one part
  Replicas(Net& net, int parts) : net_(&net) {
    expect(parts >= 1, "Replicas: expected at least one part, got ", parts);
    copies_.assign(static_cast<std::size_t>(parts) - 1, net);
  }

  int parts() const { return static_cast<int>(copies_.size()) + 1; }
  /// The replica of a part: as `run` left it.
  Net& part(int i) { return i == 0 ? *net_ : copies_[static_cast<std::size_t>(i) - 1]; }

  /// Hands the weights to all replicas, calls body(replica, part) for each part, in parallel, and
  /// adds all their gradients to those of the network, part by part. After an exception in a part
  /// the network's gradients are those of some parts: zero_gradients.
  template <class Body>
  void run(Body&& body) {
    const auto own = parameters(*net_);
    // Every part draws its own numbers, and what it draws follows from the network's generators.
    for (Net& copy : copies_) {
      std::vector<Rng> seeds;
      detail::for_each_generator(*net_,
                                 [&](const std::string&, Rng& g) { seeds.push_back(g.split()); });
      std::size_t i = 0;
      detail::for_each_generator(copy, [&](const std::string&, Rng& g) { g = seeds[i++]; });
    }
    for (Net& copy : copies_)
      for_each_pair(own, copy, [](const auto& from, auto& to) {
        std::copy(from.value.begin(), from.value.end(), to.value.begin());
        std::fill(to.gradient.begin(), to.gradient.end(), 0);
      });
    parallel_for(parts(), [&](int i) { body(part(i), i); });
    for (Net& copy : copies_)
      for_each_pair(own, copy, [](auto& to, const auto& from) {
        for (std::size_t k = 0; k < to.gradient.size(); ++k) to.gradient[k] += from.gradient[k];
      });
  }

 private:
  template <class Visit>
  static void for_each_pair(const std::vector<NamedParameter<typename Net::Scalar>>& own, Net& copy,
                            const Visit& visit) {
    const auto others = parameters(copy);
    for (std::size_t i = 0; i < own.size(); ++i) visit(*own[i].parameter, *others[i].parameter);
  }

  Net* net_;
  std::vector<Net> copies_;
};

}  // namespace gsteer
