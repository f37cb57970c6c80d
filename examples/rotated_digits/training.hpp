// SPDX-License-Identifier: MIT
// The training loop, with progress and checkpoints.
#pragma once

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "gsteer/gsteer.hpp"
#include "gsteer/io/checkpoint.hpp"
#include "rotated_digits/digits.hpp"
#include "support/progress.hpp"

namespace example {

struct TrainingOptions {
  int epochs = 24;
  std::uint64_t seed = 1;
  double learning_rate = 5e-3;
  std::filesystem::path save;    ///< checkpoint after every epoch; empty: none
  std::filesystem::path resume;  ///< checkpoint to go on from; empty: from the start
};

/// Percent of digits whose largest score is the right one.
template <class Frozen, auto G>
double percent_right(const Frozen& net, const DigitSet<G>& set) {
  int right = 0;
  constexpr int batch = 100;
  for (int start = 0; start < set.images.batch(); start += batch) {
    std::vector<int> items;
    for (int i = start; i < std::min(start + batch, set.images.batch()); ++i) items.push_back(i);
    const auto found = predictions(net.forward(select(set.images, items)));
    for (std::size_t i = 0; i < items.size(); ++i)
      right += found[i] == set.labels[static_cast<std::size_t>(items[i])];
  }
  return 100.0 * right / set.images.batch();
}

/// What a run must share with the one it goes on from: the order of the batches and the learning
/// rate of every step depend on these.
inline std::map<std::string, std::string> notes_of(const TrainingOptions& options, int digits) {
  return {{"epochs", std::to_string(options.epochs)},
          {"seed", std::to_string(options.seed)},
          {"training digits", std::to_string(digits)}};
}

/// Trains on the digits as they are, upright: shifted by up to a pixel and stretched a little,
/// never turned. Returns the seconds it took.
template <class Net, auto G>
double train(Net& net, const DigitSet<G>& digits, const TrainingOptions& options,
             const char* name) {
  using namespace gsteer;
  initialize(net, Rng{options.seed});
  Adam optimizer{net, {.learning_rate = options.learning_rate, .weight_decay = 0.01}};
  const Batches batches(digits.images.batch(), std::min(64, digits.images.batch()),
                        {.seed = options.seed});
  const CosineDecay schedule{.rate = options.learning_rate,
                             .steps = options.epochs * batches.count()};
  const auto notes = notes_of(options, digits.images.batch());
  TrainingState state{.rng = Rng{options.seed + 1}, .notes = notes};
  if (!options.resume.empty()) {
    state = load_checkpoint(options.resume, net, optimizer);
    for (const auto& [key, value] : notes) {
      const std::string& found = state.notes[key];
      expect(found == value, options.resume.string(), ": expected a run with ", key, " ", value,
             ", it is of one with ", found.empty() ? "no such note" : found);
    }
    std::printf("%s: resumed after epoch %d\n", name, static_cast<int>(state.epoch));
    std::fflush(stdout);
  }

  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto first = state.epoch;
  for (; state.epoch < options.epochs;) {
    double loss_sum = 0, right = 0;
    int done = 0;
    for (const auto& items : batches.epoch(state.epoch)) {
      const auto labels = select(std::span<const int>(digits.labels), items);
      auto x =
          random_stretch(random_shift(select(digits.images, items), 1, state.rng), 0.15, state.rng);
      const auto scores = net.forward(std::move(x));
      const auto [loss, gradient] = cross_entropy(scores, labels, 0.1);
      net.backward(gradient);
      optimizer.set_learning_rate(schedule(optimizer.steps()));
      optimizer.step();
      loss_sum += loss;
      right += accuracy(scores, labels);
      ++done;
      show_progress("%s: epoch %2d of %d, batch %3d of %d, loss %.3f ", name,
                    static_cast<int>(state.epoch) + 1, options.epochs, done, batches.count(),
                    loss_sum / done);
    }
    ++state.epoch;
    if (!options.save.empty()) save_checkpoint(options.save, net, optimizer, state);
    const double each = seconds() / static_cast<double>(state.epoch - first);
    end_progress();
    std::printf("%s: epoch %2d of %d, loss %.3f, right %5.1f %% of training, %4.0f s left\n", name,
                static_cast<int>(state.epoch), options.epochs, loss_sum / done, 100 * right / done,
                each * static_cast<double>(options.epochs - state.epoch));
    std::fflush(stdout);
  }
  return seconds();
}

}  // namespace example
