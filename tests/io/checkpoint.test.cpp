// SPDX-License-Identifier: MIT
#include "gsteer/io/checkpoint.hpp"

#include <cstdint>
#include <fstream>
#include <functional>
#include <limits>

#include "catch.hpp"
#include "gsteer/train/adam.hpp"
#include "gsteer/train/sgd.hpp"
#include "io/directory.hpp"
#include "train/network.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A network that has been trained a little, with all that belongs to it.
struct Run {
  explicit Run(std::uint64_t seed)
      : net(small::network(seed)), optimizer(net, {.learning_rate = 0.01, .amsgrad = true}) {}
  Run(const Run&) = delete;
  void train(int first, int last) { small::train(net, optimizer, state.rng, first, last); }

  /// Everything there is, as the bytes of a file.
  std::vector<std::byte> bytes(const Directory& directory) {
    const auto path = directory.path / "everything";
    save_checkpoint(path, net, optimizer, state);
    return read_file(path);
  }

  decltype(small::network(0)) net;
  Adam<float> optimizer;
  TrainingState state{.epoch = 0, .batch = 0, .rng = Rng{77}, .notes = {}};
};

}  // namespace

TEST_CASE("training that resumes gives the same numbers as training that goes on") {
  const Directory directory;
  const auto path = directory.path / "run.safetensors";
  Run whole(1);
  whole.train(0, 11);

  Run first(1);
  first.train(0, 4);
  first.optimizer.set_learning_rate(0.005);
  first.state.epoch = 1;
  first.state.batch = 1;
  first.state.notes = {{"loss", "0.25"}, {"note", "\u00e9t\u00e9\n"}};
  save_checkpoint(path, first.net, first.optimizer, first.state);

  Run second(2);
  load_checkpoint(path, second.net, second.optimizer, second.state);
  CHECK(second.state.epoch == 1);
  CHECK(second.state.batch == 1);
  CHECK(second.state.notes == first.state.notes);
  CHECK(second.optimizer.learning_rate() == 0.005);
  CHECK(second.optimizer.steps() == 4);
  second.optimizer.set_learning_rate(0.01);
  second.train(4, 11);
  CHECK(small::weights(second.net) == small::weights(whole.net));
  second.state = whole.state;  // counters and notes are the caller's
  CHECK(second.bytes(directory) == whole.bytes(directory));
  CHECK(directory.names() == std::vector<std::string>{"everything", "run.safetensors"});
}

TEST_CASE("a gradient descent resumes as well") {
  const Directory directory;
  const auto path = directory.path / "run.safetensors";
  const SGDOptions options{.learning_rate = 0.05, .momentum = 0.9, .nesterov = true};
  auto whole = small::network(1);
  Rng rng(1);
  SGD optimizer{whole, options};
  small::train(whole, optimizer, rng, 0, 3);
  save_checkpoint(path, whole, optimizer, {.rng = rng});
  small::train(whole, optimizer, rng, 3, 6);

  auto net = small::network(2);
  SGD resumed{net, options};
  auto state = load_checkpoint(path, net, resumed);
  small::train(net, resumed, state.rng, 3, 6);
  CHECK(small::weights(net) == small::weights(whole));
}

TEST_CASE("weights come back, from a file of weights or a checkpoint") {
  const Directory directory;
  Run run(1);
  run.train(0, 3);
  save_weights(directory.path / "weights", run.net);
  save_checkpoint(directory.path / "checkpoint", run.net, run.optimizer);
  for (const char* name : {"weights", "checkpoint"}) {
    auto net = small::network(2);
    load_weights(directory.path / name, net);
    CHECK(small::weights(net) == small::weights(run.net));  // running statistics are among them
  }
  const auto file = read_safetensors(directory.path / "weights");
  CHECK(file.contains("0.weight"));
  CHECK(file.contains("1.running_variance"));
  CHECK(file.metadata.at("gsteer.basis") == "1");
  CHECK(file.metadata.at("gsteer.in") == "1 trivial of C4");
  const auto checkpoint = read_safetensors(directory.path / "checkpoint");
  CHECK(checkpoint.tensor("random.2.slopes").type == ElementType::u64);
  CHECK(checkpoint.tensor("training.random").shape == TensorShape{4});
}

TEST_CASE("what does not fit is refused, and nothing is changed") {
  const Directory directory;
  const auto path = directory.path / "changed";
  Run source(1);
  source.train(0, 2);
  save_checkpoint(path, source.net, source.optimizer, source.state);
  const TensorFile good = read_safetensors(path);

  struct Case {
    std::function<void(TensorFile&)> change;
    std::string message;
  };
  const auto replace = [](TensorFile& file, const std::string& name, auto... values) {
    const auto list = std::to_array({values...});
    file.tensors.erase(name);
    file.add(name, list.data(), {static_cast<std::int64_t>(list.size())});
  };
  const std::vector<Case> cases{
      {[](auto& f) { f.tensors.erase("net.3.weight"); },
       "tensor 'net.3.weight': expected this tensor"},
      {[](auto& f) { f.tensors.erase("optimizer.0.weight.first_moment"); },
       "'optimizer.0.weight.first_moment': expected"},
      {[](auto& f) { f.tensors.erase("random.2.slopes"); }, "'random.2.slopes': expected"},
      {[](auto& f) { f.tensors.erase("training.epoch"); }, "'training.epoch': expected"},
      {[&](auto& f) { replace(f, "net.4.weight", 1.0f); },
       "tensor 'net.4.weight': not expected here"},
      {[&](auto& f) { replace(f, "stray", 1); }, "tensor 'stray': not expected here"},
      {[&](auto& f) { replace(f, "net.3.bias", 1.0f, 2.0f); },
       "'net.3.bias': expected the shape [3], got [2]"},
      {[](auto& f) {
         f.tensors.at("net.3.bias").shape = {3, 1};
       },
       "'net.3.bias': expected the shape [3], got [3, 1]"},
      {[&](auto& f) { replace(f, "net.3.bias", 1.0, 2.0, 3.0); },
       "'net.3.bias': expected F32, got F64"},
      {[&](auto& f) { replace(f, "training.epoch", std::int64_t{-1}); },
       "expected a count >= 0, got -1"},
      {[&](auto& f) { replace(f, "training.epoch", 1.0); },
       "'training.epoch': expected I64, got F64"},
      {[&](auto& f) { replace(f, "training.random", 0ul, 0ul, 0ul, 0ul); },
       "expected the state of a random generator"},
      {[&](auto& f) { replace(f, "training.random", 1ul, 2ul, 3ul); },
       "expected the shape [4], got [3]"},
      {[](auto& f) { f.metadata["gsteer.format"] = "2"; }, "expected gsteer.format = '1', got '2'"},
      {[](auto& f) { f.metadata["gsteer.basis"] = "0"; }, "expected gsteer.basis = '1', got '0'"},
      {[](auto& f) { f.metadata.erase("gsteer.basis"); },
       "expected gsteer.basis = '1' in the metadata, got none"},
      {[](auto& f) { f.metadata["gsteer.in"] = "1 trivial of C8"; },
       "expected gsteer.in = '1 trivial of C4', got '1 trivial of C8'"},
      {[](auto& f) { f.metadata["gsteer.optimizer"] = "SGD"; },
       "expected gsteer.optimizer = 'Adam', got 'SGD'"},
      {[](auto& f) { f.metadata["gsteer.content"] = "weights"; },
       "expected gsteer.content = 'checkpoint', got 'weights'"},
  };
  Run target(2);
  target.train(0, 1);
  const auto before = target.bytes(directory);
  for (const auto& [change, message] : cases) {
    TensorFile file = good;
    change(file);
    write_safetensors(path, file);
    CHECK_THROWS_WITH(load_checkpoint(path, target.net, target.optimizer, target.state),
                      ContainsSubstring(path.string()) && ContainsSubstring(message));
    CHECK(target.bytes(directory) == before);
  }
  {
    TensorFile file = good;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    replace(file, "net.3.bias", nan, nan, nan);
    write_safetensors(path, file, {.allow_nonfinite = true});
    CHECK_THROWS_WITH(load_checkpoint(path, target.net, target.optimizer),
                      ContainsSubstring("'net.3.bias': expected finite numbers, got nan"));
    CHECK_THROWS_AS(load_weights(path, target.net), Error);
    CHECK(target.bytes(directory) == before);
  }
  write_safetensors(path, good);
  CHECK_NOTHROW(load_checkpoint(path, target.net, target.optimizer, target.state));
  CHECK(target.bytes(directory) == source.bytes(directory));
}

TEST_CASE("weights of another network are refused") {
  const Directory directory;
  const auto path = directory.path / "weights";
  auto net = small::network(1);
  save_weights(path, net);
  auto other = small::network<4 * trivial<small::G>>(1);
  CHECK_THROWS_WITH(
      load_weights(path, other),
      ContainsSubstring("expected gsteer.out = '4 trivial of C4', got '3 trivial of C4'"));

  Numbers numbers;
  CHECK_THROWS_WITH(load_weights(path, numbers), ContainsSubstring("not expected here"));
  save_weights(path, numbers);
  CHECK_THROWS_WITH(load_weights(path, net), ContainsSubstring("expected gsteer.in"));
  Adam adam{numbers};
  CHECK_THROWS_WITH(load_checkpoint(path, numbers, adam), ContainsSubstring("got 'weights'"));
  const auto bare = directory.path / "bare";
  write_safetensors(bare, {});
  CHECK_THROWS_WITH(load_weights(bare, numbers), ContainsSubstring("is this a file of gsteer?"));
  CHECK_THROWS_WITH(load_weights(directory.path / "absent", numbers),
                    ContainsSubstring("cannot open"));
}

TEST_CASE("an optimizer with other state is refused") {
  const Directory directory;
  const auto path = directory.path / "run";
  Numbers numbers;
  Adam plain{numbers};
  Adam amsgrad{numbers, {.amsgrad = true}};
  save_checkpoint(path, numbers, plain);
  CHECK_THROWS_WITH(load_checkpoint(path, numbers, amsgrad),
                    ContainsSubstring("'optimizer.a.largest_second_moment': expected this tensor"));
  save_checkpoint(path, numbers, amsgrad);
  CHECK_THROWS_WITH(load_checkpoint(path, numbers, plain),
                    ContainsSubstring("'optimizer.a.largest_second_moment': not expected here"));
}

TEST_CASE("a network that diverged does not replace a good file") {
  const Directory directory;
  const auto path = directory.path / "run";
  Numbers numbers;
  Adam adam{numbers};
  save_checkpoint(path, numbers, adam);
  const auto before = read_file(path);
  numbers.a.value[1] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(save_checkpoint(path, numbers, adam),
                    ContainsSubstring("'net.a': expected finite numbers"));
  CHECK_THROWS_AS(save_weights(path, numbers), Error);
  numbers.a.value[1] = 1;
  CHECK_THROWS_WITH(save_checkpoint(path, numbers, adam, {.notes = {{"gsteer.basis", "7"}}}),
                    ContainsSubstring("do not begin with gsteer., got 'gsteer.basis'"));
  CHECK(read_file(path) == before);
  CHECK(directory.names() == std::vector<std::string>{"run"});
}

TEST_CASE("a file cut short anywhere is refused") {
  const Directory directory;
  const auto path = directory.path / "run";
  Numbers numbers, fresh;
  Adam adam{numbers};
  numbers.set_gradient(1, 2, 3);
  adam.step();
  save_checkpoint(path, numbers, adam);
  const auto bytes = read_file(path);
  Adam other{fresh};
  for (std::size_t size = 0; size < bytes.size(); size += 5) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
    CHECK_THROWS_AS(load_checkpoint(path, fresh, other), Error);
  }
  CHECK(fresh.a.value[0] == 1);
  CHECK(other.steps() == 0);
  write_file_atomically(path, bytes);
  load_checkpoint(path, fresh, other);
  CHECK(fresh.a.value[0] == numbers.a.value[0]);
  CHECK(other.steps() == 1);
}
