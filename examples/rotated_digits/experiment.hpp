// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>

#include "rotated_digits/figure.hpp"
#include "rotated_digits/network.hpp"
#include "rotated_digits/run.hpp"

namespace example {

/// What the networks over G and over the trivial group are tested on.
struct Result {
  std::string name;
  std::size_t parameters = 0;
  double seconds = 0, upright = 0, rotated = 0;
};

template <auto G, class Net>
Result learn(Net& net, const RunOptions& options, const TrainingOptions& training,
             const std::string& name) {
  const auto train_set = load_digits<G>(options.folder, "train", options.limit);
  const auto test_set = load_digits<G>(options.folder, "t10k", options.limit);
  const auto rotated_set = rotate_randomly(test_set, gsteer::Rng{2026});
  Result result{name, gsteer::parameter_count(net), 0, 0, 0};
  std::printf("%s: %zu parameters, %d digits to train on, %d to test\n", name.c_str(),
              result.parameters, train_set.images.batch(), test_set.images.batch());
  std::fflush(stdout);
  result.seconds = train(net, train_set, training, name.c_str());
  const auto frozen = net.freeze();
  result.upright = percent_right(frozen, test_set);
  result.rotated = percent_right(frozen, rotated_set);
  return result;
}

inline void print(const Result& r) {
  std::printf("%-12s %7zu parameters   upright %5.1f %%   rotated %5.1f %%   %6.1f s\n",
              r.name.c_str(), r.parameters, r.upright, r.rotated, r.seconds);
}

/// Trains and tests the network over G of width W, and the plain CNN of about as many parameters,
/// and draws the picture.
template <auto G, int W>
void run(const RunOptions& options) {
  const std::string name = gsteer::group_of<G>::name();
  auto net = make_network<G, W>();
  for (const auto& step : gsteer::symmetry_report(net, 29, 29))
    gsteer::expect(step.complaint.empty(), "layer ", step.layer, ": ", step.complaint);
  const Result ours = learn<G>(net, options, options.training, name);
  if (!options.plain) {
    print(ours);
    return;
  }
  auto plain = make_network<gsteer::C<1>, plain_width<G, W>()>();
  TrainingOptions training = options.training;
  training.save.clear();
  training.resume.clear();
  const Result theirs = learn<gsteer::C<1>>(plain, options, training, "plain CNN");
  std::printf("\n");
  print(ours);
  print(theirs);

  const auto test_set = load_digits<G>(options.folder, "t10k", options.limit);
  int shown = 0;  // a digit that looks different from all sides
  while (shown + 1 < test_set.images.batch() &&
         test_set.labels[static_cast<std::size_t>(shown)] != 4)
    ++shown;
  const int item[] = {shown};
  draw_turning_digit<G>(options.picture, net, plain, gsteer::select(test_set.images, item),
                        test_set.labels[static_cast<std::size_t>(shown)], name);
  std::printf("\nwrote %s\n", options.picture.c_str());
}

}  // namespace example
