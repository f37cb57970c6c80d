// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "gsteer/core/random.hpp"
#include "gsteer/io/format.hpp"
#include "gsteer/io/safetensors.hpp"
#include "gsteer/io/state_list.hpp"
#include "gsteer/train/optimizer.hpp"

// Files of a network, in the safetensors format. Weights: a tensor for each parameter, "3.weight",
// running statistics included. Checkpoints: the same with "net." before the names, and all else
// that the next training step depends on, so that a run that resumes gives the numbers, bit for
// bit, that it would have given without the interruption. A file is written next to the old one and
// then takes its place (write_file_atomically): a crash leaves a whole file behind, old or new.

namespace gsteer {

/// What a training loop knows besides network and optimizer. Batches need no state beyond the two
/// counters.
struct TrainingState {
  std::int64_t epoch = 0;  ///< epochs done
  std::int64_t batch = 0;  ///< batches of the next epoch done
  Rng rng{0};              ///< for augmentation and the like
  /// Anything; names that begin with "gsteer." are ours.
  std::map<std::string, std::string> notes{};
};

namespace detail {

inline constexpr const char* our_notes = "gsteer.";

/// What a file must say of itself to be loaded into this network.
template <class Net>
std::map<std::string, std::string> file_notes() {
  std::map<std::string, std::string> notes{{"gsteer.format", std::to_string(file_format)},
                                           {"gsteer.basis", std::to_string(basis_convention)}};
  if constexpr (requires { Net::in::name(), Net::out::name(); }) {
    notes["gsteer.in"] = Net::in::name();
    notes["gsteer.out"] = Net::out::name();
  }
  return notes;
}

inline void check_notes(const TensorFile& file,
                        const std::map<std::string, std::string>& expected) {
  for (const auto& [key, value] : expected) {
    const auto found = file.metadata.find(key);
    expect(found != file.metadata.end(), file.source, ": expected ", key, " = ", in_quotes(value),
           " in the metadata, got none; is this a file of gsteer?");
    expect(found->second == value, file.source, ": expected ", key, " = ", in_quotes(value),
           ", got ", in_quotes(found->second));
  }
}

inline void add_notes(TensorFile& file, const std::map<std::string, std::string>& notes) {
  for (const auto& [key, value] : notes) {
    expect(!key.starts_with(our_notes), file.source,
           ": expected notes whose names do not begin with ", our_notes, ", got ", in_quotes(key));
    file.metadata[key] = value;
  }
}
inline std::map<std::string, std::string> notes_of(const TensorFile& file) {
  std::map<std::string, std::string> notes;
  for (const auto& note : file.metadata)
    if (!note.first.starts_with(our_notes)) notes.insert(note);
  return notes;
}

template <class Net>
void add_parameters(StateList& list, const std::string& prefix, Net& net) {
  for (const auto& [name, p] : parameters(net))
    list.add(prefix + name, std::span<typename Net::Scalar>(p->value.data(), p->value.size()));
}

template <class Net, optimizer Optimizer>
StateList checkpoint_state(Net& net, Optimizer& optimizer, TrainingState& state) {
  StateList list;
  add_parameters(list, "net.", net);
  for_each_generator(net,
                     [&](const std::string& name, Rng& rng) { list.add("random." + name, rng); });
  optimizer.visit_state(
      [&](const std::string& name, auto values) { list.add("optimizer." + name, values); });
  list.add("training.epoch", std::span<std::int64_t>(&state.epoch, 1));
  list.add("training.batch", std::span<std::int64_t>(&state.batch, 1));
  list.add("training.random", state.rng);
  return list;
}

}  // namespace detail

/// Writes all parameters of a network, in the precision it computes in, and notes of the caller's.
/// \throws Error if the file cannot be written, a number is not finite, or a note has a name of
/// ours; an older file then stays as it was
template <class Net>
void save_weights(const std::filesystem::path& path, Net& net,
                  const std::map<std::string, std::string>& notes = {}) {
  detail::StateList list;
  detail::add_parameters(list, "", net);
  TensorFile file = list.store(path.string());
  file.metadata = detail::file_notes<Net>();
  file.metadata["gsteer.content"] = "weights";
  detail::add_notes(file, notes);
  write_safetensors(path, file);
}

/// Reads all parameters of a network, from a file of weights or out of a checkpoint. A checkpoint
/// holds the weights that were trained last, not the averages of a WeightAverage.
/// \throws Error if the file is damaged, of another version or basis convention, or if its tensors
/// are not in names, shapes and types exactly those of the network; the network then stays as it
/// was
template <class Net>
void load_weights(const std::filesystem::path& path, Net& net) {
  TensorFile file = read_safetensors(path);
  detail::check_notes(file, detail::file_notes<Net>());
  const auto content = file.metadata.find("gsteer.content");
  const bool is_checkpoint = content != file.metadata.end() && content->second == "checkpoint";
  const std::string prefix = is_checkpoint ? "net." : "";
  if (is_checkpoint)
    std::erase_if(file.tensors,
                  [&](const auto& entry) { return !entry.first.starts_with(prefix); });
  detail::StateList list;
  detail::add_parameters(list, prefix, net);
  list.load(file);
}

/// The caller's notes in a file of weights or a checkpoint, by which to make the network that it
/// belongs to. \throws Error if the file is damaged
inline std::map<std::string, std::string> read_notes(const std::filesystem::path& path) {
  return detail::notes_of(read_safetensors(path));
}

/// Writes network, optimizer and state of a training in one file.
/// \throws Error as save_weights, and if a note has a name of ours
template <class Net, optimizer Optimizer>
void save_checkpoint(const std::filesystem::path& path, Net& net, Optimizer& optimizer,
                     const TrainingState& state = {}) {
  TrainingState copy = state;
  TensorFile file = detail::checkpoint_state(net, optimizer, copy).store(path.string());
  file.metadata = detail::file_notes<Net>();
  file.metadata["gsteer.content"] = "checkpoint";
  file.metadata["gsteer.optimizer"] = Optimizer::name();
  detail::add_notes(file, state.notes);
  write_safetensors(path, file);
}

/// Reads a checkpoint into a network and an optimizer that were made as those that were saved: same
/// layers, same kind of optimizer on this very network, same options (of which only the learning
/// rate is in the file). Returns the state of the training.
/// \throws Error as load_weights; network and optimizer then stay as they were
template <class Net, optimizer Optimizer>
TrainingState load_checkpoint(const std::filesystem::path& path, Net& net, Optimizer& optimizer) {
  const TensorFile file = read_safetensors(path);
  auto expected = detail::file_notes<Net>();
  expected["gsteer.content"] = "checkpoint";
  expected["gsteer.optimizer"] = Optimizer::name();
  detail::check_notes(file, expected);
  TrainingState state;
  state.notes = detail::notes_of(file);
  detail::checkpoint_state(net, optimizer, state).load(file);
  return state;
}

/// The same, into a state that exists.
template <class Net, optimizer Optimizer>
void load_checkpoint(const std::filesystem::path& path, Net& net, Optimizer& optimizer,
                     TrainingState& state) {
  state = load_checkpoint(path, net, optimizer);
}

}  // namespace gsteer
