// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

namespace gsteer::detail {

/// One way in which the features of a sender reach its receivers: an input irrep times harmonics of
/// one degree, projected on an output irrep (mode uvu: every channel by itself, with a weight of
/// its own on each edge).
struct EdgePath {
  int in_offset = 0, in_size = 1;  ///< [component][channel] of the sender's row
  int out_size = 1;
  int channels = 0;
  int weight_offset = 0;  ///< in the edge's row of weights
  int group = 0;          ///< the output irrep, one matrix of messages each
  int column = 0;         ///< in that matrix
  int columns = 0;        ///< of it
  int before = 0;         ///< numbers of a node in the matrices before it
  int first_entry = 0, entries = 0;
  int first_place = 0;  ///< of its matrix M among those of all paths
  /// Harmonics of degree 0: M is a number times the identity, and has one place.
  bool diagonal = false;

  int places() const { return diagonal ? 1 : in_size * out_size; }
  /// Where its messages to a node begin.
  std::ptrdiff_t messages_of(int node, int nodes) const {
    return std::ptrdiff_t{nodes} * before + std::ptrdiff_t{node} * out_size * columns + column;
  }
};

/// An entry T(harmonic, k, i) of a coupling: M(k, i) += value Y(harmonic).
struct CouplingEntry {
  int place = 0;  ///< k * in_size + i, 0 on a diagonal path
  int harmonic = 0;
  double value = 0;
};

/// The messages of one output irrep: rows are [node][component], columns all paths that end there.
struct MessageGroup {
  int size = 1;  ///< components
  int columns = 0;
};

/// The size-erased form of sum over edges of W(edge) T(Y(edge), features of the sender).
struct EdgePlan {
  std::vector<EdgePath> paths;
  std::vector<CouplingEntry> entries;  ///< path by path, those of a place side by side
  /// Those of degree > 0 again, harmonic by harmonic, with places among those of all paths.
  std::vector<CouplingEntry> by_harmonic;
  std::vector<MessageGroup> groups;
  int in_channels = 0, harmonics = 0, weights = 0;
  int places = 0;  ///< numbers in the matrices M of all paths

  /// Where the messages of a group begin, for n nodes.
  std::ptrdiff_t start(int group, int nodes) const {
    std::ptrdiff_t at = 0;
    for (int g = 0; g < group; ++g) {
      const auto& messages = groups[static_cast<std::size_t>(g)];
      at += std::ptrdiff_t{nodes} * messages.size * messages.columns;
    }
    return at;
  }
  std::ptrdiff_t message_size(int nodes) const {
    return start(static_cast<int>(groups.size()), nodes);
  }
};

}  // namespace gsteer::detail
