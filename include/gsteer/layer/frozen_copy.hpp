// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gsteer/field/graph.hpp"
#include "gsteer/layer/parameter.hpp"

namespace gsteer::detail {

/// A graph layer for use: forward(x, graph) is const and may be called from many threads, because
/// each call works on a copy of its own, which is kept for the next call. The layer has a
/// constructor from its options().
template <class Layer>
class FrozenCopy {
 public:
  using in = typename Layer::in;
  using out = typename Layer::out;
  using Scalar = typename Layer::Scalar;

  explicit FrozenCopy(Layer layer) : layer_(layer.options()), idle_(std::make_shared<Idle>()) {
    copy_parameters(layer, layer_);  // and no memory of training
  }
  typename Layer::Result forward(const typename Layer::Features& x, const Graph& graph) const {
    std::unique_ptr<Layer> work = idle_->take();
    if (!work) work = std::make_unique<Layer>(layer_);
    auto y = work->forward(x, graph);
    idle_->give_back(std::move(work));
    return y;
  }
  const FrozenCopy& freeze() const { return *this; }

 private:
  /// Copies that no thread works on.
  struct Idle {
    std::mutex guard;
    std::vector<std::unique_ptr<Layer>> copies;

    std::unique_ptr<Layer> take() {
      const std::lock_guard lock(guard);
      if (copies.empty()) return nullptr;
      auto last = std::move(copies.back());
      copies.pop_back();
      return last;
    }
    void give_back(std::unique_ptr<Layer> copy) {
      const std::lock_guard lock(guard);
      copies.push_back(std::move(copy));
    }
  };

  Layer layer_;
  std::shared_ptr<Idle> idle_;
};

}  // namespace gsteer::detail
