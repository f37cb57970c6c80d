// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "gsteer/core/random.hpp"
#include "gsteer/io/tensor_file.hpp"

namespace gsteer::detail {

/// Names for numbers that lie anywhere in a program: what a file holds, and where it goes when the
/// file is loaded.
///
/// `load` checks everything before it changes anything.
class StateList {
 public:
  /// Numbers that must stay where they are. Integers are counts, and never negative.
  template <class T>
  void add(std::string name, std::span<T> values) {
    entries_.push_back({name,
                        [name, values](TensorFile& file) {
                          file.add(name, values.data(), {static_cast<std::int64_t>(values.size())});
                        },
                        [name, values](const TensorFile& file) -> Commit {
                          auto loaded = checked<T>(file, name, values.size());
                          if constexpr (std::is_integral_v<T>)
                            for (const T value : loaded)
                              expect(value >= 0, file.source, ": tensor ", in_quotes(name),
                                     ": expected a count >= 0, got ", value);
                          return [values, loaded = std::move(loaded)] {
                            std::copy(loaded.begin(), loaded.end(), values.begin());
                          };
                        }});
  }

  /// The state of a generator, four words of 64 bits.
  void add(std::string name, Rng& rng) {
    entries_.push_back({name,
                        [name, &rng](TensorFile& file) {
                          file.add(name, rng.state().data(),
                                   {static_cast<std::int64_t>(rng.state().size())});
                        },
                        [name, &rng](const TensorFile& file) -> Commit {
                          Rng::State state{};
                          const auto loaded = checked<std::uint64_t>(file, name, state.size());
                          std::copy(loaded.begin(), loaded.end(), state.begin());
                          expect(state != Rng::State{}, file.source, ": tensor ", in_quotes(name),
                                 ": expected the state of a random generator, got zeros");
                          return [&rng, state] { rng.restore(state); };
                        }});
  }

  /// A file of all tensors; `name` begins its error messages.
  /// \throws Error if two have one name
  TensorFile store(std::string name) const {
    TensorFile file;
    file.source = std::move(name);
    for (const auto& entry : entries_) entry.store(file);
    return file;
  }

  /// \throws Error, before anything has changed, unless the file has exactly these tensors, in
  /// shape and type
  void load(const TensorFile& file) const {
    for (const auto& tensor : file.tensors) {
      const std::string& name = tensor.first;
      const bool known = std::any_of(entries_.begin(), entries_.end(),
                                     [&](const Entry& entry) { return entry.name == name; });
      expect(known, file.source, ": tensor ", in_quotes(name),
             ": not expected here; the file is of another network or optimizer");
    }
    std::vector<Commit> commits;
    for (const auto& entry : entries_) commits.push_back(entry.load(file));
    for (const auto& commit : commits) commit();
  }

 private:
  using Commit = std::function<void()>;

  struct Entry {
    std::string name;
    std::function<void(TensorFile&)> store;
    std::function<Commit(const TensorFile&)> load;
  };

  template <class T>
  static std::vector<T> checked(const TensorFile& file, const std::string& name, std::size_t size) {
    const TensorShape expected{static_cast<std::int64_t>(size)};
    const auto& tensor = file.tensor(name);
    expect(tensor.shape == expected, file.source, ": tensor ", in_quotes(name),
           ": expected the shape ", to_string(expected), ", got ", to_string(tensor.shape));
    return file.exact_values<T>(name);
  }

  std::vector<Entry> entries_;
};

}  // namespace gsteer::detail
