// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/core/random.hpp"
#include "gsteer/field/field.hpp"

namespace gsteer {

struct BatchOptions {
  std::uint64_t seed = 0;
  bool shuffle = true;     ///< else in order, every epoch
  bool drop_last = false;  ///< leave out a last batch that is not full
};

/// The items of a data set in batches, shuffled anew in every epoch.
///
/// The order of an epoch depends on the seed and the number of the epoch only. So there is no state
/// to save: training that resumes at batch b of epoch e sees what it would have seen.
class Batches {
 public:
  /// \throws Error unless there are items and batches are not empty
  Batches(int items, int batch_size, const BatchOptions& options = {})
      : items_(items), batch_size_(batch_size), options_(options) {
    expect(items > 0 && batch_size > 0, "Batches: expected items and a batch size > 0, got ", items,
           " and ", batch_size);
    expect(!options.drop_last || items >= batch_size,
           "Batches: expected at least one full batch of ", batch_size, ", got ", items, " items");
  }

  /// Batches in an epoch.
  int count() const {
    return options_.drop_last ? items_ / batch_size_ : (items_ - 1) / batch_size_ + 1;
  }

  /// The order of all items in an epoch: a uniformly distributed permutation (Fisher and Yates).
  std::vector<int> order(std::int64_t epoch) const {
    expect(epoch >= 0, "Batches: expected an epoch >= 0, got ", epoch);
    std::vector<int> indices(static_cast<std::size_t>(items_));
    std::iota(indices.begin(), indices.end(), 0);
    if (!options_.shuffle) return indices;
    Rng rng(Rng(options_.seed)() + static_cast<std::uint64_t>(epoch));
    for (int i = items_ - 1; i > 0; --i)
      std::swap(indices[static_cast<std::size_t>(i)],
                indices[static_cast<std::size_t>(rng.below(i + 1))]);
    return indices;
  }

  /// The batches of an epoch, each a list of items: `for (const auto& batch : batches.epoch(3))`.
  std::vector<std::vector<int>> epoch(std::int64_t number) const {
    const auto indices = order(number);
    std::vector<std::vector<int>> all;
    for (int b = 0; b < count(); ++b) {
      const auto first = indices.begin() + std::ptrdiff_t{b} * batch_size_;
      all.emplace_back(first, first + std::min<std::ptrdiff_t>(batch_size_, indices.end() - first));
    }
    return all;
  }

 private:
  int items_, batch_size_;
  BatchOptions options_;
};

/// Some items of a batch, or of a whole data set, as a batch of their own.
/// \throws Error if an index is out of range
template <class Features, class Scalar, class Space>
Field<Features, Scalar, Space> select(const Field<Features, Scalar, Space>& all,
                                      std::span<const int> items) {
  Field<Features, Scalar, Space> some(static_cast<int>(items.size()), all.space());
  int to = 0;
  for (const int item : items) {
    expect(item >= 0 && item < all.batch(), "select: expected items in [0, ", all.batch(),
           "), got ", item);
    some.item(to++) = all.item(item);
  }
  return some;
}

/// The labels of some items.
/// \throws Error if an index is out of range
inline std::vector<int> select(std::span<const int> labels, std::span<const int> items) {
  std::vector<int> some;
  for (const int item : items) {
    expect(item >= 0 && static_cast<std::size_t>(item) < labels.size(),
           "select: expected items in [0, ", labels.size(), "), got ", item);
    some.push_back(labels[static_cast<std::size_t>(item)]);
  }
  return some;
}

}  // namespace gsteer
