// SPDX-License-Identifier: MIT
// The training loop, with progress and checkpoints.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "gsteer/io/checkpoint.hpp"
#include "n_body/experiment.hpp"
#include "n_body/networks.hpp"
#include "support/progress.hpp"

namespace example {

/// Parts of a batch, which threads work on side by side; results depend on it, not on threads.
inline constexpr int parts = 2;

/// The p-th of the equal parts of a list.
inline std::vector<int> share(const std::vector<int>& items, int part) {
  const auto cut = [&](int p) {
    return items.begin() + static_cast<std::ptrdiff_t>(items.size()) * p / parts;
  };
  return {cut(part), cut(part + 1)};
}

/// The mean squared error of the positions that a network predicts.
template <class Net>
double position_error(Replicas<Net>& replicas, const DataSet<float>& set, double unit) {
  std::vector<int> all;
  for (int i = 0; i < set.size(); ++i) all.push_back(i);
  double sums[parts] = {};
  replicas.run([&](Net& net, int part) {
    const auto own = share(all, part);
    for (std::size_t first = 0; first < own.size(); first += 50) {
      const auto end = std::min(first + 50, own.size());
      const auto batch = set.batch({own.begin() + static_cast<std::ptrdiff_t>(first),
                                    own.begin() + static_cast<std::ptrdiff_t>(end)});
      const auto loss = mean_square_error(answers(net, batch), batch.targets);
      sums[part] += loss.value * static_cast<double>(end - first);
    }
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return sum / set.size() * unit * unit;
}

/// The positions that a network predicts for one sample.
template <class Net>
Eigen::Matrix3Xd predicted(Net& net, const Sample& sample, const Task& task) {
  const DataSet<typename Net::Scalar> set({sample}, task.time, task.unit);
  const auto said = answers(net, set.batch({0}));
  Eigen::Matrix3Xd positions = extrapolated(sample, task.time);
  for (int k = 0; k < set.nodes(); ++k)
    for (int axis = 0; axis < 3; ++axis)
      positions(axis, k) += task.unit * static_cast<double>(said(k, axis));
  return positions;
}

/// How far predictions for systems that are turned, mirrored and shifted are from those for the
/// systems as they were, in double: the largest distance over the largest displacement.
template <class Net>
double equivariance_error(Net& net, const Task& task) {
  Rng rng(2026);
  double worst = 0;
  for (int i = 0; i < std::min(20, static_cast<int>(task.test.size())); ++i) {
    const Sample& sample = task.test[static_cast<std::size_t>(i)];
    auto g = orthogonal<3>::sample(rng);
    g.inverted = i % 2;
    const Eigen::Matrix3d a = orthogonal<3>::action(g);
    const Eigen::Vector3d shift(rng.normal(), rng.normal(), rng.normal());
    const Eigen::Matrix3Xd before = predicted(net, sample, task),
                           after = predicted(net, moved(sample, a, shift), task);
    const Eigen::Matrix3Xd difference = after - ((a * before).colwise() + shift);
    worst = std::max(worst, difference.norm() / (before - sample.positions).norm());
  }
  return worst;
}

/// Trains a network with mean squared errors, Adam and a rate that falls along half a cosine, and
/// keeps the errors of the averaged weights that were best on the validation set. `make(scalar)`
/// makes the network that computes in the type of that number; `suited_rate` is the learning rate
/// if the options have none.
template <class Make>
Result learn(const std::string& model, const Make& make, double suited_rate, const Task& task,
             std::uint64_t seed, const Notes& notes, const std::filesystem::path& resume) {
  const TrainingOptions& options = task.training;
  const double rate = options.learning_rate > 0 ? options.learning_rate : suited_rate;
  auto net = make(float{});
  initialize(net, Rng{seed});
  WeightAverage optimizer{net,
                          Adam{net, {.learning_rate = rate, .weight_decay = options.weight_decay}},
                          {.decay = 0.995}};
  const DataSet<float> train(task.train, task.time, task.unit),
      validation(task.validation, task.time, task.unit), test(task.test, task.time, task.unit);
  const Batches batches(train.size(), std::min(options.batch, train.size()), {.seed = seed});
  const std::int64_t steps = std::int64_t{options.epochs} * batches.count();
  const CosineDecay schedule{.rate = rate,
                             .steps = steps,
                             .warm_up = std::min<std::int64_t>(100, steps / 10),
                             .final_rate = rate / 1000};
  Replicas replicas{net, parts};
  Result result{.model = model, .seed = seed, .parameters = parameter_count(net)};
  TrainingState state{.notes = notes};
  const std::string name = std::string(model).append(", seed ").append(std::to_string(seed));
  if (!resume.empty()) {
    state = load_checkpoint(resume, net, optimizer);
    result = result_of(state.notes.at("unfinished"));
    std::printf("%s: resumed after epoch %d\n", name.c_str(), static_cast<int>(state.epoch));
  }
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&start] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const auto first = state.epoch;
  const double before = result.seconds;
  const auto is_due = [&](std::int64_t epoch, int times) {
    return epoch * times / options.epochs > (epoch - 1) * times / options.epochs;
  };
  while (state.epoch < options.epochs) {
    double error = 0;
    int done = 0;
    for (const auto& items : batches.epoch(state.epoch)) {
      double losses[parts] = {};
      replicas.run([&](auto& replica, int part) {
        const auto own = share(items, part);
        if (own.empty()) return;
        const auto batch = train.batch(own);
        auto loss = mean_square_error(answers(replica, batch), batch.targets);
        // The mean over the part becomes its share of that over the batch.
        const double share_of_batch =
            static_cast<double>(own.size()) / static_cast<double>(items.size());
        losses[part] = share_of_batch * loss.value;
        for (auto& g : loss.gradient.values()) g *= static_cast<float>(share_of_batch);
        Eigen::MatrixXd d_vectors = Eigen::MatrixXd::Zero(3, batch.graph.edges());
        replica.backward(without_mean(std::move(loss.gradient), batch.graph), d_vectors);
      });
      for (const double loss : losses) error += loss;
      clip_gradient_norm(net, 1);  // two particles that nearly meet can outweigh all others
      optimizer.set_learning_rate(schedule(optimizer.steps()));
      optimizer.step();
      ++done;
      if (done % 5 == 0)
        show_progress("%s: epoch %3d of %d, batch %3d of %d ", name.c_str(),
                      static_cast<int>(state.epoch) + 1, options.epochs, done, batches.count());
    }
    ++state.epoch;
    if (is_due(state.epoch, options.checks)) {
      optimizer.swap();
      const double now = position_error(replicas, validation, task.unit);
      result.curve.emplace_back(state.epoch, now);
      if (result.epoch == 0 || now < result.validation) {
        result.epoch = static_cast<int>(state.epoch);
        result.validation = now;
        result.test = position_error(replicas, test, task.unit);
        const Eigen::Matrix3Xd shown =
            predicted(net, task.test[static_cast<std::size_t>(task.shown)], task);
        result.shown.assign(shown.data(), shown.data() + shown.size());
      }
      optimizer.swap();
    }
    result.seconds = before + seconds();
    if (!options.save.empty()) {
      state.notes["unfinished"] = to_line(result);
      save_checkpoint(options.save, net, optimizer, state);
    }
    if (!is_due(state.epoch, 10)) continue;
    end_progress();
    const double each = seconds() / static_cast<double>(state.epoch - first);
    std::printf("%s: epoch %3d of %d, training %.5f, validation %.5f, %4.0f s left\n", name.c_str(),
                static_cast<int>(state.epoch), options.epochs, error / done * task.unit * task.unit,
                result.curve.back().second,
                each * static_cast<double>(options.epochs - state.epoch));
    std::fflush(stdout);
  }
  optimizer.swap();
  auto exact = make(double{});
  copy_parameters(net, exact);
  result.symmetry = equivariance_error(exact, task);
  return result;
}

}  // namespace example
