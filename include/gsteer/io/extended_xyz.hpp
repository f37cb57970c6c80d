// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "gsteer/core/error.hpp"
#include "gsteer/field/neighbors.hpp"
#include "gsteer/io/file.hpp"
#include "gsteer/io/xyz_words.hpp"

// Extended XYZ: frames, one after the other, of
//   9
//   Lattice="5 0 0 0 5 0 0 0 5" Properties=species:S:1:pos:R:3:forces:R:3 energy=-309.4 pbc="T T F"
//   C 1.1302 -0.1933 0.3091 -0.5730 -0.6767 3.3065
//   ... nine lines of atoms; their columns are name:type:count triples of Properties, with the
//   types S(tring), R(eal), I(nteger) and L(ogical).
// The value of a key is a bare word, "quoted" with backslash escapes, or an array in
// brackets, {1 2 3} or [1, 2, 3]. (https://github.com/libAtoms/extxyz, section Specification.)

namespace gsteer {

/// A column of words or numbers for each atom that has no member in AtomicConfiguration, as text.
struct AtomColumn {
  std::string name;
  char type = 'S';                  ///< S, R, I or L
  int count = 1;                    ///< of entries for one atom
  std::vector<std::string> values;  ///< values[atom * count + entry]

  friend bool operator==(const AtomColumn&, const AtomColumn&) = default;
};

/// Atoms, what is known about them, and the box they are in: one frame of an extended XYZ file.
///
/// The way to a graph is `radius_graph(atoms.positions, cutoff, kinds_of(atoms, {"C", "H", "O"}),
/// atoms.box.value_or(PeriodicBox{}))`. Units and the sign of the stress are those of the file.
struct AtomicConfiguration {
  std::vector<std::string> species;       ///< the element of each atom
  Eigen::MatrixXd positions;              ///< 3 x atoms
  std::optional<double> energy;           ///< of the whole
  std::optional<Eigen::MatrixXd> forces;  ///< 3 x atoms
  std::optional<PeriodicBox> box;
  /// In the file column by column, which for these symmetric matrices is row by row as well.
  std::optional<Eigen::Matrix3d> virial, stress;
  /// All other keys in the order of the file: values without their quotes, arrays with their
  /// brackets, "T" for a key without a value, and free text under the key "comment".
  std::vector<std::pair<std::string, std::string>> info;
  std::vector<AtomColumn> columns;

  friend bool operator==(const AtomicConfiguration& a, const AtomicConfiguration& b) {
    const auto same = [](const auto& x, const auto& y) {
      return x.rows() == y.rows() && x.cols() == y.cols() && x == y;
    };
    const auto both = [&](const auto& x, const auto& y) {
      return x.has_value() == y.has_value() && (!x || same(*x, *y));
    };
    return a.species == b.species && same(a.positions, b.positions) && a.energy == b.energy &&
           both(a.forces, b.forces) && both(a.virial, b.virial) && both(a.stress, b.stress) &&
           a.box.has_value() == b.box.has_value() &&
           (!a.box || (same(a.box->cell, b.box->cell) && a.box->periodic == b.box->periodic)) &&
           a.info == b.info && a.columns == b.columns;
  }
};

/// How a file calls what AtomicConfiguration has members for. An empty name turns a member off.
struct ExtendedXyzOptions {
  std::string energy_key = "energy", forces_key = "forces";
  std::string virial_key = "virial", stress_key = "stress";
};

namespace detail {

class XyzReader {
 public:
  XyzReader(std::string_view text, const std::string& name, const ExtendedXyzOptions& options)
      : rest_(text), name_(name), options_(options) {}

  /// Whether only blank lines are left, which may end a file but not part its frames.
  bool at_end() const { return rest_.find_first_not_of(" \t\r\v\f\n") == std::string_view::npos; }

  AtomicConfiguration read_frame() {
    const auto first = xyz_trimmed(next_line("a number of atoms"));
    std::int64_t atoms = 0;
    if (!xyz_read(first, atoms) || atoms < 1)
      refuse("expected a number of atoms >= 1, got ", in_quotes(first));
    AtomicConfiguration frame;
    frame.info = read_info(xyz_trimmed(next_line("a line of keys or a comment")));
    read_box(frame);
    if (double energy = 0; take_numbers(frame.info, options_.energy_key, &energy, 1))
      frame.energy = energy;
    Eigen::Matrix3d matrix;  // column by column, as Eigen has it in memory
    if (take_numbers(frame.info, options_.virial_key, matrix.data(), 9)) frame.virial = matrix;
    if (take_numbers(frame.info, options_.stress_key, matrix.data(), 9)) frame.stress = matrix;
    read_atoms(frame, atoms, take(frame.info, "Properties").value_or("species:S:1:pos:R:3"));
    return frame;
  }

 private:
  using Info = decltype(AtomicConfiguration::info);

  template <class... Parts>
  [[noreturn, gnu::cold]] void refuse(const Parts&... parts) const {
    fail(name_, ":", line_, ": ", parts...);
  }

  template <class... Parts>
  std::string_view next_line(const Parts&... expected) {
    ++line_;
    if (rest_.empty()) refuse("expected ", expected..., ", the file ends here");
    const auto line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    return line;
  }

  /// The keys of a line; or free text, which plain XYZ files have here.
  Info read_info(std::string_view line) const {
    const auto has = [&](std::string_view text) { return line.find(text) != line.npos; };
    try {
      if (line.empty() || has("=")) return read_keys(line);
    } catch (const Error&) {
      // A mistake in a line that sets what this reader understands is no free text.
      for (const std::string& key :
           {std::string("Properties"), std::string("Lattice"), std::string("pbc"),
            options_.energy_key, options_.virial_key, options_.stress_key})
        if (!key.empty() && is_set(line, key)) throw;
    }
    return {{"comment", std::string(line)}};
  }

  /// Whether a key stands in a line, with a = behind it.
  static bool is_set(std::string_view line, std::string_view key) {
    for (auto at = line.find(key); at != line.npos; at = line.find(key, at + 1))
      if (xyz_trimmed(line.substr(at + key.size())).starts_with('=')) return true;
    return false;
  }

  Info read_keys(std::string_view line) const {
    Info info;
    std::set<std::string> keys;
    while (!line.empty()) {
      const auto key = read_item(line, xyz_special, "a key");
      if (key.empty() || !keys.insert(key).second)
        refuse("expected each key once, and none empty, got ", in_quotes(key));
      std::string value = "T";
      if (const auto rest = xyz_trimmed(line); rest.starts_with('=')) {
        line = xyz_trimmed(rest.substr(1));
        value = read_item(line, xyz_blanks, "a value");
      }
      if (!line.empty() && xyz_blanks.find(line.front()) == std::string_view::npos)
        refuse("expected a blank after ", in_quotes(key), ", got ", in_quotes(line));
      info.emplace_back(key, std::move(value));
      line = xyz_trimmed(line);
    }
    return info;
  }

  /// Cuts a string, an array or a word off a line.
  std::string read_item(std::string_view& line, std::string_view ends, const char* what) const {
    const bool string = line.starts_with('"');
    const bool closed = string || line.starts_with('[') || line.starts_with('{');
    const auto item = closed ? xyz_closed(line) : line.substr(0, line.find_first_of(ends));
    if (item.empty() || item.front() == '=' || (!closed && item.find('"') != item.npos))
      refuse("expected ", what, ", got ", in_quotes(line));
    line.remove_prefix(item.size());
    if (!string) return std::string(item);
    std::string text;
    for (std::size_t i = 1; i + 1 < item.size(); ++i) {
      const bool escaped = item[i] == '\\';
      if (escaped) ++i;
      text += escaped && item[i] == 'n' ? '\n' : item[i];
    }
    return text;
  }

  static std::optional<std::string> take(Info& info, std::string_view key) {
    const auto is = [&](const auto& entry) { return entry.first == key; };
    const auto found = std::find_if(info.begin(), info.end(), is);
    if (found == info.end()) return {};
    std::optional<std::string> value = std::move(found->second);
    info.erase(found);
    return value;
  }

  /// Whether there is a key; then its numbers go to `to`.
  bool take_numbers(Info& info, std::string_view key, double* to, std::size_t count) const {
    const auto value = take(info, key);
    if (!value) return false;
    const auto words = xyz_words(*value, xyz_separators);
    if (words.size() != count)
      refuse("expected ", count, " numbers as ", key, ", got ", words.size());
    for (const auto word : words)
      if (!xyz_read(word, *to++))
        refuse("expected finite numbers as ", key, ", got ", in_quotes(word));
    return true;
  }

  void read_box(AtomicConfiguration& frame) const {
    Eigen::Matrix3d cell;
    const bool boxed = take_numbers(frame.info, "Lattice", cell.data(), 9);
    std::array<bool, 3> periodic{boxed, boxed, boxed};
    if (const auto value = take(frame.info, "pbc")) {
      const auto words = xyz_words(*value, xyz_separators);
      bool right = words.size() == 3;
      for (std::size_t i = 0; right && i < 3; ++i) {
        const bool digit = words[i] == "0" || words[i] == "1";  // some programs write these
        right = digit || xyz_read(words[i], periodic[i]);
        if (digit) periodic[i] = words[i] == "1";
      }
      if (!right) refuse("expected three of T or F as pbc, got ", in_quotes(*value));
    }
    if (!boxed && periodic != std::array<bool, 3>{})
      refuse("expected a Lattice, since pbc says that the box repeats");
    if (!boxed) return;
    const Eigen::Vector3d a = cell.col(0), b = cell.col(1), c = cell.col(2);
    const double volume = std::abs(dot(a, cross(b, c)));
    const double upright = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b)) * std::sqrt(dot(c, c));
    if (!(std::isfinite(upright) && volume > 1e-12 * upright))
      refuse("expected a Lattice that spans a volume, got ", volume);
    frame.box = PeriodicBox{cell, periodic};
  }

  /// The columns that Properties lists, without values yet.
  std::vector<AtomColumn> read_columns(std::string_view properties) const {
    const auto parts = xyz_words(properties, ":");
    const auto colons = std::count(properties.begin(), properties.end(), ':');
    if (parts.size() % 3 != 0 || std::ssize(parts) != colons + 1)
      refuse("expected name:type:count triples in Properties, got ", in_quotes(properties));
    std::vector<AtomColumn> columns;
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < parts.size(); i += 3) {
      const auto name = parts[i], type = parts[i + 1];
      std::int64_t count = 0;
      if (!names.insert(name).second)
        refuse("expected each column once in Properties, got ", in_quotes(name), " again");
      if (!xyz_read(parts[i + 2], count) || count < 1 || !std::in_range<int>(count))
        refuse("expected a count of ", in_quotes(name), " >= 1, got ", in_quotes(parts[i + 2]));
      if (type != "S" && type != "R" && type != "I" && type != "L")
        refuse("expected S, R, I or L as the type of ", in_quotes(name), ", got ", in_quotes(type));
      columns.push_back({std::string(name), type[0], static_cast<int>(count), {}});
    }
    return columns;
  }

  void read_atoms(AtomicConfiguration& frame, std::int64_t atoms, std::string_view properties) {
    auto columns = read_columns(properties);
    // An atom has four words or more and a character after each, which only the last may lack:
    // memory is taken in proportion to the file, whatever its counts say.
    if (static_cast<std::uint64_t>(atoms) > (rest_.size() + 1) / 8)
      refuse("expected ", atoms, " atoms, the file ends after ", rest_.size(), " bytes");
    frame.positions.resize(3, atoms);
    std::vector<Eigen::MatrixXd*> matrices;  // where a column goes, if not into a list of words
    std::size_t width = 0, found = 0;        // words in a line; species and pos
    for (const auto& [name, type, count, values] : columns) {
      const bool species = name == "species", positions = name == "pos";
      const bool forces = !positions && name == options_.forces_key;
      if ((species && (type != 'S' || count != 1)) ||
          ((positions || forces) && (type != 'R' || count != 3)))
        refuse("expected the type ", species ? "S:1" : "R:3", " of ", in_quotes(name), ", got ",
               type, ":", count);
      if (forces) frame.forces.emplace(3, atoms);
      matrices.push_back(positions ? &frame.positions : forces ? &*frame.forces : nullptr);
      found += species || positions;
      width += static_cast<std::size_t>(count);
    }
    if (found != 2) refuse("expected species and pos in Properties, got ", in_quotes(properties));
    for (std::int64_t i = 0; i < atoms; ++i) {
      const auto line = xyz_trimmed(next_line("atom ", i + 1, " of ", atoms));
      const auto row = xyz_words(line, xyz_blanks);
      if (row.size() != width)
        refuse("expected ", width, " columns, got ", row.size(), ": ", in_quotes(line));
      auto word = row.begin();
      for (std::size_t c = 0; c < columns.size(); ++c) {
        auto& [name, type, count, values] = columns[c];
        for (int k = 0; k < count; ++k, ++word) {
          double unused = 0;
          double& number = matrices[c] != nullptr ? (*matrices[c])(k, i) : unused;
          if (const char* expected = xyz_mismatch(*word, type, number))
            refuse("expected ", expected, " as ", in_quotes(name), ", got ", in_quotes(*word));
          if (matrices[c] != nullptr) continue;
          (name == "species" ? frame.species : values).emplace_back(*word);
        }
      }
    }
    std::erase_if(columns, [](const AtomColumn& column) { return column.values.empty(); });
    frame.columns = std::move(columns);  // those without a member of their own
  }

  std::string_view rest_;
  std::size_t line_ = 0;
  const std::string& name_;
  const ExtendedXyzOptions& options_;
};

/// The shortest digits that are read back as the same numbers, each followed by a blank.
inline void xyz_append(std::string& text, const double* values, int count) {
  std::array<char, 32> digits{};
  for (int i = 0; i < count; ++i) {
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), values[i]).ptr;
    text.append(digits.data(), end).append(" ");
  }
}

/// A string, in quotes if it needs them.
inline std::string xyz_quoted(std::string_view string) {
  if (!string.empty() && string.find_first_of(xyz_special) == std::string_view::npos)
    return std::string(string);
  std::string text = "\"";
  for (const char c : string) {
    if (c == '"' || c == '\\' || c == '\n') text += '\\';
    text += c == '\n' ? 'n' : c;
  }
  return text += '"';
}

inline void xyz_append(std::string& text, const AtomicConfiguration& frame,
                       const ExtendedXyzOptions& options) {
  const auto append_matrix = [&](std::string_view key, const double* entries) {
    xyz_append(text.append(xyz_quoted(key)).append("=\""), entries, 9);
    text.insert(text.size() - 1, 1, '"');
  };
  text.append(std::to_string(frame.species.size())).append("\n");
  if (frame.box) append_matrix("Lattice", frame.box->cell.data());
  std::string properties = "species:S:1:pos:R:3";
  if (frame.forces) properties.append(":").append(options.forces_key).append(":R:3");
  for (const auto& [name, type, count, values] : frame.columns)
    properties.append(":").append(name).append({':', type, ':'}).append(std::to_string(count));
  text.append("Properties=").append(xyz_quoted(properties)).append(" ");
  if (frame.energy)
    xyz_append(text.append(xyz_quoted(options.energy_key)).append("="), &*frame.energy, 1);
  if (frame.virial) append_matrix(options.virial_key, frame.virial->data());
  if (frame.stress) append_matrix(options.stress_key, frame.stress->data());
  for (const auto& [key, value] : frame.info) {
    const bool array = (value.starts_with('[') || value.starts_with('{')) &&
                       xyz_closed(value) == value && value.find('\n') == std::string::npos;
    text.append(xyz_quoted(key)).append("=").append(array ? value : xyz_quoted(value)).append(" ");
  }
  text += "pbc=\"";
  for (const bool on : frame.box.value_or(PeriodicBox{}).periodic) text += on ? "T " : "F ";
  text.back() = '"';
  for (std::size_t i = 0; i < frame.species.size(); ++i) {
    text.append("\n").append(frame.species[i]).append(" ");
    xyz_append(text, frame.positions.data() + 3 * i, 3);
    if (frame.forces) xyz_append(text, frame.forces->data() + 3 * i, 3);
    for (const auto& [name, type, count, values] : frame.columns) {
      const auto width = static_cast<std::size_t>(count);
      for (std::size_t k = i * width; k < (i + 1) * width; ++k) text.append(values[k]).append(" ");
    }
    text.pop_back();
  }
  text += '\n';
}

}  // namespace detail

/// The frames of an XYZ file, extended or plain, in memory; `name` and a line begin error messages.
/// \throws Error if there is no frame, or one is truncated, has other columns than Properties says,
/// a number that is not finite, a flat box, or a key without a proper value
inline std::vector<AtomicConfiguration> parse_extended_xyz(std::string_view text,
                                                           const std::string& name = "extended XYZ",
                                                           const ExtendedXyzOptions& options = {}) {
  detail::XyzReader reader(text, name, options);
  std::vector<AtomicConfiguration> frames;
  while (!reader.at_end()) frames.push_back(reader.read_frame());
  expect(!frames.empty(), name, ": expected at least one frame, the file is empty");
  return frames;
}

/// \throws Error as parse_extended_xyz, or if the file cannot be read
inline std::vector<AtomicConfiguration> read_extended_xyz(const std::filesystem::path& path,
                                                          const ExtendedXyzOptions& options = {}) {
  const auto bytes = read_file(path);
  return parse_extended_xyz({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                            path.string(), options);
}

/// The text of an extended XYZ file. It is read back as the same frames, bit for bit.
/// \throws Error if it would not be: sizes that differ, a number that is not finite, a blank in the
/// name of an element, a key that occurs twice or has a meaning in the format
inline std::string serialize_extended_xyz(const std::vector<AtomicConfiguration>& frames,
                                          const std::string& name = "extended XYZ",
                                          const ExtendedXyzOptions& options = {}) {
  std::string text;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    const auto atoms = std::ssize(frames[f].species);
    const auto fits = [&](const Eigen::MatrixXd& x) { return x.rows() == 3 && x.cols() == atoms; };
    bool right = fits(frames[f].positions) && (!frames[f].forces || fits(*frames[f].forces));
    for (const auto& [column, type, count, values] : frames[f].columns)
      right = right && count >= 1 && std::ssize(values) == atoms * count;
    expect(right, name, ": frame ", f, ": expected positions and columns of ", atoms, " atoms");
    detail::xyz_append(text, frames[f], options);
  }
  // What does not fit the format, or has another meaning in it, shows when it is read again.
  const auto again = parse_extended_xyz(text, name + " (to be written)", options);
  for (std::size_t f = 0; f < frames.size(); ++f)
    expect(again.size() == frames.size() && again[f] == frames[f], name, ": frame ", f,
           ": a name, a key or a value in it has another meaning in the format");
  return text;
}

/// Writes an extended XYZ file, atomically: see write_file_atomically.
/// \throws Error as serialize_extended_xyz, before the disk is touched, and as that
inline void write_extended_xyz(const std::filesystem::path& path,
                               const std::vector<AtomicConfiguration>& frames,
                               const ExtendedXyzOptions& options = {}) {
  const auto text = serialize_extended_xyz(frames, path.string(), options);
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

/// All elements that occur, sorted.
inline std::vector<std::string> species_of(const std::vector<AtomicConfiguration>& frames) {
  std::set<std::string> species;
  for (const auto& frame : frames) species.insert(frame.species.begin(), frame.species.end());
  return {species.begin(), species.end()};
}

/// The kind of each atom: where its element stands in a list. \throws Error if it does not
inline std::vector<int> kinds_of(const AtomicConfiguration& atoms,
                                 const std::vector<std::string>& species) {
  std::vector<int> kinds;
  for (const auto& element : atoms.species) {
    const auto found = std::find(species.begin(), species.end(), element);
    if (found == species.end())
      fail("kinds_of: expected one of ", species.size(), " elements, got ",
           detail::in_quotes(element), " as atom ", kinds.size());
    kinds.push_back(static_cast<int>(found - species.begin()));
  }
  return kinds;
}

}  // namespace gsteer
