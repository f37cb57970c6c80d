// SPDX-License-Identifier: MIT
#include "gsteer/io/extended_xyz.hpp"

#include <cstring>
#include <limits>

#include "catch.hpp"
#include "gsteer/core/random.hpp"
#include "io/directory.hpp"

using namespace gsteer;
using Catch::Matchers::ContainsSubstring;

namespace {

using Species = std::vector<std::string>;
using Info = std::vector<std::pair<std::string, std::string>>;

// The first frames of a trajectory of ethanol, GFN2-xTB at 500 K; eV and Angstrom.
constexpr std::string_view ethanol = R"(9
Properties=species:S:1:pos:R:3:forces:R:3 energy=-309.41346012 pbc="F F F"
C 1.13024587 -0.19338565 0.30917607 -0.57309907 -0.67670040 3.30652801
C -0.10626893 0.56360224 0.13666281 -1.96637372 0.12636122 -0.61548424
O -1.10358499 -0.32579240 -0.38888839 -1.82542394 3.09837008 2.31110760
H -0.68618994 -0.91820422 -0.91039933 1.76951116 -2.76492254 -2.56673809
H -0.59425115 0.92985102 1.02595376 0.25612200 0.38687448 0.47095575
H 0.11907707 1.34731573 -0.53780493 -0.41587628 1.33104612 -0.99232259
H 1.89221850 0.36056508 0.81848255 0.62148356 0.25683235 -0.27479152
H 0.74802256 -0.91952422 1.03262465 0.94486899 -0.86992740 -0.03512252
H 1.34747338 -0.62125399 -0.60249093 1.18878730 -0.88793391 -1.60413240
9
Properties=species:S:1:pos:R:3:forces:R:3 energy=-309.40685496 pbc="F F F"
C 1.14351142 -0.26366364 0.33791900 -0.63160348 3.37639093 0.38096516
C -0.18933696 0.59086960 0.14870666 2.50371649 0.15320615 -0.73227687
O -1.08567449 -0.30423618 -0.41753144 -2.73215635 1.66311833 1.85407672
H -0.56873623 -0.88804798 -0.89014917 1.17274041 -1.88537899 -1.58079196
H -0.39590752 1.01618191 1.14699829 -0.77818179 -0.24421621 -0.71385313
H -0.03500792 1.44202989 -0.65153243 0.10274988 -1.02525142 1.54385643
H 1.95690820 0.41045406 0.58808632 0.31395732 0.25972321 -0.43983671
H 1.12528429 -0.88810933 1.17333791 -0.68314854 -1.30848745 0.95811197
H 1.29563131 -0.74205659 -0.57198276 0.73192607 -0.98910455 -1.27025161
)";

AtomicConfiguration one(std::string_view text, const ExtendedXyzOptions& options = {}) {
  const auto frames = parse_extended_xyz(text, "a.xyz", options);
  REQUIRE(frames.size() == 1);
  return frames[0];
}

/// One hydrogen atom at the origin, under a line of keys.
std::string atom(const std::string& keys, const std::string& row = "H 0 0 0") {
  return std::string("1\n").append(keys).append("\n").append(row).append("\n");
}

std::string message_of(std::string_view text, const ExtendedXyzOptions& options = {}) {
  try {
    parse_extended_xyz(text, "a.xyz", options);
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

/// Of a matrix of numbers: 3 x n.
Eigen::MatrixXd numbers(std::initializer_list<double> columns) {
  Eigen::MatrixXd matrix(3, static_cast<Eigen::Index>(columns.size() / 3));
  std::copy(columns.begin(), columns.end(), matrix.data());
  return matrix;
}

/// Equal as bits: that zeros have signs counts.
bool identical(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

}  // namespace

TEST_CASE("the frames of a molecule are read") {
  const auto frames = parse_extended_xyz(ethanol);
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].species == Species{"C", "C", "O", "H", "H", "H", "H", "H", "H"});
  CHECK(frames[0].energy == -309.41346012);
  CHECK(frames[1].energy == -309.40685496);
  REQUIRE(frames[0].forces.has_value());
  CHECK(frames[0].positions.cols() == 9);
  CHECK(identical(frames[0].positions.leftCols(2), numbers({1.13024587, -0.19338565, 0.30917607,
                                                            -0.10626893, 0.56360224, 0.13666281})));
  CHECK(identical(frames[0].forces->rightCols(1), numbers({1.18878730, -0.88793391, -1.60413240})));
  CHECK(
      identical(frames[1].positions.rightCols(1), numbers({1.29563131, -0.74205659, -0.57198276})));
  CHECK_FALSE(frames[0].box.has_value());
  CHECK_FALSE(frames[0].virial.has_value());
  CHECK_FALSE(frames[0].stress.has_value());
  CHECK(frames[0].info.empty());
  CHECK(frames[0].columns.empty());

  // The forces on a molecule that nothing holds sum to zero, up to the digits of the file: columns
  // were not confused.
  for (const auto& frame : frames)
    CHECK(frame.forces->rowwise().sum().cwiseAbs().maxCoeff() < 1e-6);
}

TEST_CASE("kinds are the places of the elements in a list") {
  const auto frames = parse_extended_xyz(ethanol);
  CHECK(species_of(frames) == Species{"C", "H", "O"});
  CHECK(species_of({}).empty());
  CHECK(kinds_of(frames[0], species_of(frames)) == std::vector<int>{0, 0, 2, 1, 1, 1, 1, 1, 1});
  CHECK(kinds_of(frames[0], {"O", "C", "H"}) == std::vector<int>{1, 1, 0, 2, 2, 2, 2, 2, 2});
  CHECK_THROWS_WITH(kinds_of(frames[0], {"C", "H"}),
                    "kinds_of: expected one of 2 elements, got 'O' as atom 2");
  // A frame is all that a graph needs.
  const auto graph = radius_graph(frames[0].positions, 1.3, kinds_of(frames[0], {"C", "H", "O"}),
                                  frames[0].box.value_or(PeriodicBox{}));
  CHECK(graph.nodes() == 9);
  CHECK(graph.kinds()[2] == 2);
}

TEST_CASE("a frame comes back bit for bit") {
  Rng rng{5};
  std::vector<AtomicConfiguration> frames;
  for (int f = 0; f < 20; ++f) {
    const int n = 1 + f;
    // Any finite numbers: all bits at random, exponents too.
    const auto number = [&] {
      double value = 0;
      do {
        const std::uint64_t bits = rng();
        std::memcpy(&value, &bits, sizeof value);
      } while (!std::isfinite(value));
      return value;
    };
    AtomicConfiguration frame;
    frame.positions.resize(3, n);
    for (int i = 0; i < n; ++i) {
      frame.species.push_back(i % 2 == 0 ? "Si" : "O");
      for (int k = 0; k < 3; ++k) frame.positions(k, i) = number();
    }
    frame.positions(0, 0) = -0.0;
    frame.positions(1, 0) = std::numeric_limits<double>::denorm_min();
    frame.positions(2, 0) = std::numeric_limits<double>::max();
    if (f % 2 == 0) {
      frame.energy = number();
      frame.forces = frame.positions.rowwise().reverse();
    }
    if (f % 3 == 0) {
      frame.box = PeriodicBox{};
      for (int k = 0; k < 9; ++k)
        frame.box->cell.data()[k] += std::ldexp(static_cast<double>(rng() >> 11), -56);
      for (std::size_t k = 0; k < 3; ++k) frame.box->periodic[k] = (f >> k) % 2 == 1;
    }
    if (f % 4 == 0) frame.virial = Eigen::Matrix3d::Constant(number());
    if (f % 5 == 0) frame.stress = Eigen::Matrix3d::Constant(number());
    frames.push_back(frame);
  }
  const auto again = parse_extended_xyz(serialize_extended_xyz(frames));
  REQUIRE(again.size() == frames.size());
  CHECK(again == frames);
  for (std::size_t f = 0; f < frames.size(); ++f) {
    CHECK(identical(again[f].positions, frames[f].positions));
    if (frames[f].forces) CHECK(identical(*again[f].forces, *frames[f].forces));
    if (frames[f].box) CHECK(identical(again[f].box->cell, frames[f].box->cell));
  }

  // What is compared differs: negative controls of operator==.
  auto other = frames;
  other[0].positions(2, 0) = 1;
  CHECK_FALSE(other == frames);
  other = frames;
  other[0].box->periodic[1] = !other[0].box->periodic[1];
  CHECK_FALSE(other == frames);
  other = frames;
  other[0].forces.reset();
  CHECK_FALSE(other == frames);
  other = frames;
  other[0].forces->conservativeResize(3, 2);
  CHECK_FALSE(other == frames);
  other = frames;
  (*other[0].stress)(1, 2) += 1e300;
  (*other[0].stress)(1, 2) *= 2;
  CHECK_FALSE(other == frames);
}

TEST_CASE("files are read and written") {
  const Directory directory;
  const auto path = directory.path / "ethanol.xyz";
  const auto frames = parse_extended_xyz(ethanol);
  write_extended_xyz(path, frames);
  CHECK(directory.names() == std::vector<std::string>{"ethanol.xyz"});
  CHECK(read_extended_xyz(path) == frames);

  auto broken = frames;
  broken[1].positions(0, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(write_extended_xyz(path, broken),
                    ContainsSubstring("ethanol.xyz (to be written):14: expected a finite number"));
  CHECK(read_extended_xyz(path) == frames);  // still the old file

  write_file_atomically(path, std::as_bytes(std::span(ethanol).first(200)));
  CHECK_THROWS_WITH(read_extended_xyz(path),
                    ContainsSubstring("ethanol.xyz:4: expected 7 columns, got 6: 'C -0.106"));
  CHECK_THROWS_WITH(read_extended_xyz(directory.path),
                    ContainsSubstring("expected a regular file, got a directory"));
}

TEST_CASE("what is written is short and in the usual order") {
  auto frame =
      one(atom("energy=-1.50 note=\"two words\" Lattice=\"2 0 0 0.5 3 0 0 0 4\" pbc=\"T F T\" "
               "Properties=tag:I:1:pos:R:3:species:S:1:forces:R:3",
               "7 0.10 1e3 1.0D+00 Fe 0 -0 .5"));
  CHECK(serialize_extended_xyz({frame}) ==
        "1\nLattice=\"2 0 0 0.5 3 0 0 0 4\" Properties=species:S:1:pos:R:3:forces:R:3:tag:I:1 "
        "energy=-1.5 note=\"two words\" pbc=\"T F T\"\nFe 0.1 1000 1 0 -0 0.5 7\n");
}

TEST_CASE("numbers have the spellings of C and Fortran") {
  const auto frame = one(atom("energy=+1.5e+2", "H 1.0D+00 -2.5d-1 +.5"));
  CHECK(frame.energy == 150);
  CHECK(identical(frame.positions, numbers({1, -0.25, 0.5})));
  CHECK(identical(one(atom("", "H 5. 007 1E0")).positions, numbers({5, 7, 1})));
  for (const char* wrong :
       {"nan", "NaN",   "inf", "-inf", "Infinity", "1e999", "-1e999", "1D+999",   "0x10",
        "1,5", "1.5.5", "1e",  "e1",   "1d",       "d",     "ddd",    "+",        "-",
        "+-1", "-+1",   "--1", ".",    "1_0",      "1e5d3", "nan(d)", "1\xc2\xa0"})
    CHECK(message_of(atom("", std::string("H 0 ").append(wrong).append(" 0"))) ==
          "a.xyz:3: expected a finite number as 'pos', got " + detail::in_quotes(wrong));
}

TEST_CASE("plain XYZ files have elements and positions") {
  const std::string water = "3\nwater\nO 0 0 0\nH 0.76 0.59 0\nH -0.76 0.59 0\n";
  const auto frame = one(water);
  CHECK(frame.species == Species{"O", "H", "H"});
  CHECK(identical(frame.positions, numbers({0, 0, 0, 0.76, 0.59, 0, -0.76, 0.59, 0})));
  CHECK(frame.info == Info{{"comment", "water"}});
  CHECK_FALSE(frame.energy.has_value());
  CHECK_FALSE(frame.forces.has_value());
  CHECK_FALSE(frame.box.has_value());
  CHECK(one(serialize_extended_xyz({frame})) == frame);

  CHECK(one("1\n\nH 0 0 0").info.empty());
  for (const char* text : {"water, \"the molecule", "a \\ b", "step 5 (E=-3 \"au\")", "x == y = z",
                           "a=1 a=2", "= 5", "a=\"b", "a=[1 2", "\"\"=1", "a ]=3", "a={1 2]"}) {
    const auto free = one(atom(std::string("  ").append(text).append(" ")));
    CHECK(free.info == Info{{"comment", text}});
    CHECK(one(serialize_extended_xyz({free})) == free);
  }
  // Keys do not need Properties.
  const auto keys = one(atom("E = -76.4 energy=-5 Hartree"));
  CHECK(keys.energy == -5);
  CHECK(keys.info == Info{{"E", "-76.4"}, {"Hartree", "T"}});
  // A mistake in what would be understood is no free text.
  CHECK_THAT(message_of(atom("energy=-5 pbc=\"F F F")),
             ContainsSubstring("a.xyz:2: expected a value"));
  CHECK_THAT(message_of(atom("Lattice = \"1 0 0")), ContainsSubstring("a.xyz:2: expected a value"));
}

TEST_CASE("line ends, blanks and a missing last line end do not matter") {
  const auto frames = parse_extended_xyz(ethanol);
  std::string dos, spaced;
  for (const char c : ethanol) {
    dos += c == '\n' ? "\r\n" : std::string(1, c);
    spaced += c == '\n' ? " \t \n" : c == ' ' ? "  " : std::string(1, c);
  }
  CHECK(parse_extended_xyz(dos) == frames);
  CHECK(parse_extended_xyz(spaced) == frames);
  CHECK(parse_extended_xyz(ethanol.substr(0, ethanol.size() - 1)) == frames);
  CHECK(parse_extended_xyz(std::string(ethanol) + "\n \r\n\n") == frames);
  CHECK(one("  1 \r\n a = 1 \r\n\tH\t0 0 0 \r\n").info == Info{{"a", "1"}});
}

TEST_CASE("boxes are columns of lattice vectors and where they repeat") {
  const std::string lattice = "Lattice=\"2 0 0 0.5 3 0 0.25 0 4\"";
  const auto box = one(atom(lattice)).box;
  REQUIRE(box.has_value());
  CHECK(box->cell.col(0) == Eigen::Vector3d(2, 0, 0));
  CHECK(box->cell.col(1) == Eigen::Vector3d(0.5, 3, 0));
  CHECK(box->cell.col(2) == Eigen::Vector3d(0.25, 0, 4));
  CHECK(box->periodic == std::array{true, true, true});
  CHECK(one(atom(lattice + " pbc=\"T F True\"")).box->periodic == std::array{true, false, true});
  CHECK(one(atom(lattice + " pbc={false TRUE F}")).box->periodic == std::array{false, true, false});
  CHECK(one(atom(lattice + " pbc=[F, F, F]")).box->periodic == std::array{false, false, false});
  for (const char* same : {"Lattice={2 0 0  0.5 3 0  0.25 0 4}", "Lattice=[2,0,0,0.5,3,0,0.25,0,4]",
                           "Lattice = [[2, 0, 0], [0.5, 3, 0], [0.25, 0, 4]]"})
    CHECK(one(atom(same)).box->cell == box->cell);
  // Left-handed boxes are as good.
  CHECK(message_of(atom("Lattice=\"0 2 0 2 0 0 0 0 2\"")) == "accepted");
  const auto frame = one(atom(lattice + " pbc=\"T F T\""));
  CHECK(one(serialize_extended_xyz({frame})) == frame);

  const auto refused = [](const std::string& keys) { return message_of(atom(keys)); };
  CHECK(refused("Lattice=\"1 0 0 0 1 0 0 0\"") == "a.xyz:2: expected 9 numbers as Lattice, got 8");
  CHECK_THAT(refused("Lattice=\"1 0 0 0 1 0 0 0 1 0\""), ContainsSubstring("got 10"));
  CHECK_THAT(refused("Lattice=\"\""), ContainsSubstring("got 0"));
  CHECK(refused("Lattice=\"1 0 0 0 1 0 0 0 x\"") ==
        "a.xyz:2: expected finite numbers as Lattice, got 'x'");
  CHECK_THAT(refused("Lattice=\"1 0 0 0 1 0 0 0 nan\""), ContainsSubstring("got 'nan'"));
  for (const char* flat : {"1 0 0 0 1 0 1 1 0", "0 0 0 0 0 0 0 0 0", "1 2 3 4 5 6 7 8 9",
                           "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9", "1e200 0 0 0 1e200 0 0 0 1e200"})
    CHECK_THAT(refused(std::string("Lattice=\"").append(flat).append("\"")),
               ContainsSubstring("a.xyz:2: expected a Lattice that spans a volume, got "));
  CHECK(refused("pbc=\"T F F\"") ==
        "a.xyz:2: expected a Lattice, since pbc says that the box repeats");
  for (const char* wrong : {"T", "T T", "T T T T", "1 1 2", "T T t"})
    CHECK(refused(std::string(lattice).append(" pbc=\"").append(wrong).append("\"")) ==
          "a.xyz:2: expected three of T or F as pbc, got " + detail::in_quotes(wrong));
  const auto digits =
      parse_extended_xyz(std::string("1\n").append(lattice).append(" pbc=\"1 0 1\"\nH 0 0 0\n"));
  CHECK(digits[0].box->periodic == std::array<bool, 3>{true, false, true});
  // A broken line that sets an energy is no comment.
  CHECK(refused("name=\"a pos=x energy =-5") != "accepted");
  CHECK(refused("virial=\"1 2 3") != "accepted");
}

TEST_CASE("virial and stress are matrices") {
  const auto frame =
      one(atom("virial=\"1 2 3 2 5 6 3 6 9\" stress=[[1, 0, 0], [0, 2, 0], [0, 0, 3]]"));
  Eigen::Matrix3d expected;
  expected << 1, 2, 3, 2, 5, 6, 3, 6, 9;
  CHECK(frame.virial == expected);
  CHECK(*frame.stress == Eigen::Matrix3d(Eigen::Vector3d(1, 2, 3).asDiagonal()));
  CHECK(one(serialize_extended_xyz({frame})) == frame);
  CHECK_THAT(message_of(atom("stress=\"1 2 3 4 5 6\"")),
             ContainsSubstring("a.xyz:2: expected 9 numbers as stress, got 6"));
}

TEST_CASE("the names of energy and forces can be chosen") {
  const auto text =
      atom("REF_energy=-7 energy=-1 Properties=species:S:1:pos:R:3:forces:R:3:REF_forces:R:3",
           "H 0 0 0 1 2 3 4 5 6");
  const ExtendedXyzOptions reference{.energy_key = "REF_energy", .forces_key = "REF_forces"};
  const auto frame = one(text, reference);
  CHECK(frame.energy == -7);
  CHECK(*frame.forces == numbers({4, 5, 6}));
  CHECK(frame.info == Info{{"energy", "-1"}});
  REQUIRE(frame.columns.size() == 1);
  CHECK(frame.columns[0] == AtomColumn{"forces", 'R', 3, {"1", "2", "3"}});
  CHECK(one(serialize_extended_xyz({frame}, "b.xyz", reference), reference) == frame);
  // By their usual names they would be there twice.
  CHECK_THAT(
      [&] {
        try {
          return serialize_extended_xyz({frame});
        } catch (const Error& error) {
          return std::string(error.what());
        }
      }(),
      ContainsSubstring("expected each key once, and none empty, got 'energy'"));

  const ExtendedXyzOptions none{.energy_key = "", .forces_key = ""};
  const auto bare = one(text, none);
  CHECK_FALSE(bare.energy.has_value());
  CHECK_FALSE(bare.forces.has_value());
  CHECK(bare.info == Info{{"REF_energy", "-7"}, {"energy", "-1"}});
  CHECK(bare.columns.size() == 2);
  // A column has one meaning, whatever the names.
  CHECK_FALSE(one(text, {.forces_key = "pos"}).forces.has_value());
  CHECK_THAT(message_of(text, {.forces_key = "species"}),
             ContainsSubstring("of 'species', got S:1"));
}

TEST_CASE("unknown keys and columns survive") {
  const auto frame = one(
      "2\n"
      R"(config_type=bulk relaxed  step = 12 "my key"="a \"b\" \\c\nd" old={1 2 3} new=[[1, "x, y"], [2]] )"
      R"(words="1 2 3" empty="" smiles=C[C@H](O)=O escaped="\a\t" )"
      R"(Properties=id:I:1:species:S:1:pos:R:3:fixed:L:2:tag:S:1:charge:R:1)"
      "\n-1 Si 0 0 0 T False a\"b -1.0D+00\n+2 O 1 1 1 F F {c} 1.50\n");
  CHECK(frame.info == Info{{"config_type", "bulk"},
                           {"relaxed", "T"},
                           {"step", "12"},
                           {"my key", "a \"b\" \\c\nd"},
                           {"old", "{1 2 3}"},
                           {"new", "[[1, \"x, y\"], [2]]"},
                           {"words", "1 2 3"},
                           {"empty", ""},
                           {"smiles", "C[C@H](O)=O"},
                           {"escaped", "at"}});
  CHECK(frame.columns == std::vector<AtomColumn>{{"id", 'I', 1, {"-1", "+2"}},
                                                 {"fixed", 'L', 2, {"T", "False", "F", "F"}},
                                                 {"tag", 'S', 1, {"a\"b", "{c}"}},
                                                 {"charge", 'R', 1, {"-1.0D+00", "1.50"}}});
  CHECK(frame.species == Species{"Si", "O"});
  CHECK(frame.positions == numbers({0, 0, 0, 1, 1, 1}));
  const auto text = serialize_extended_xyz({frame, frame});
  CHECK_THAT(text,
             ContainsSubstring(R"(old={1 2 3} new=[[1, "x, y"], [2]] words="1 2 3" empty="")"));
  CHECK_THAT(text, ContainsSubstring(R"("my key"="a \"b\" \\c\nd")"));
  CHECK(parse_extended_xyz(text) == std::vector{frame, frame});
}

TEST_CASE("frames that are cut off are refused") {
  CHECK(message_of("") == "a.xyz: expected at least one frame, the file is empty");
  CHECK(message_of(" \n\r\n") == "a.xyz: expected at least one frame, the file is empty");
  CHECK(message_of("1") == "a.xyz:2: expected a line of keys or a comment, the file ends here");
  CHECK(message_of("1\n") == "a.xyz:2: expected a line of keys or a comment, the file ends here");
  CHECK(message_of("1\n\n") == "a.xyz:2: expected 1 atoms, the file ends after 0 bytes");
  CHECK(message_of("2\nwater molecule\nH 0.0000 0.0000 0.0000\n") ==
        "a.xyz:4: expected atom 2 of 2, the file ends here");
  CHECK(message_of("2\n\nH 0 0 0\n1\n\nH 0 0 0\n") == "a.xyz:4: expected 4 columns, got 1: '1'");
  CHECK(message_of("1\n\nH 0 0 0\nH 0 0 0\n") ==
        "a.xyz:4: expected a number of atoms >= 1, got 'H 0 0 0'");
  CHECK(message_of("1\n\nH 0 0 0\n\n1\n\nH 0 0 0\n") ==
        "a.xyz:4: expected a number of atoms >= 1, got ''");
  // The end of a number may be missing unseen; nothing else.
  const auto whole = one(ethanol.substr(0, ethanol.find("9\nProp", 5)));
  const auto text = serialize_extended_xyz({whole});
  const auto last = text.find_last_of(' ');
  for (std::size_t size = 0; size <= last; ++size)
    CHECK_THROWS_AS(parse_extended_xyz(std::string_view(text).substr(0, size)), Error);
}

TEST_CASE("counts are no larger than the file") {
  for (const char* count :
       {"0", "-1", "1.5", "x", "1 2", "0x1", "99999999999999999999", "1e3", "+-1"})
    CHECK(message_of(std::string(count).append("\n\nH 0 0 0\n")) ==
          "a.xyz:1: expected a number of atoms >= 1, got " + detail::in_quotes(count));
  CHECK(message_of("9223372036854775807\n\nH 0 0 0\n") ==
        "a.xyz:2: expected 9223372036854775807 atoms, the file ends after 8 bytes");
  CHECK(message_of("1000000000\n\nH 0 0 0\n") ==
        "a.xyz:2: expected 1000000000 atoms, the file ends after 8 bytes");
  CHECK(message_of(atom("Properties=species:S:1:pos:R:3:x:S:2147483647")) ==
        "a.xyz:3: expected 2147483651 columns, got 4: 'H 0 0 0'");
}

TEST_CASE("rows are as wide as Properties says") {
  CHECK(message_of(atom("", "H 0 0")) == "a.xyz:2: expected 1 atoms, the file ends after 6 bytes");
  CHECK(message_of(atom("", "H 0.5 0.5")) == "a.xyz:3: expected 4 columns, got 3: 'H 0.5 0.5'");
  CHECK(message_of(atom("", "H 0 0 0 0")) == "a.xyz:3: expected 4 columns, got 5: 'H 0 0 0 0'");
  CHECK(message_of(atom("Properties=species:S:1:pos:R:3:forces:R:3", "H 0.5 0.5 0.5 0.5 0.5")) ==
        "a.xyz:3: expected 7 columns, got 6: 'H 0.5 0.5 0.5 0.5 0.5'");
  const std::string columns = "Properties=species:S:1:pos:R:3:forces:R:3:a:I:1:b:L:1";
  CHECK(message_of(atom(columns, "H 0 0 0 0 0 0 1 T")) == "accepted");
  CHECK(message_of(atom(columns, "H 0 0 0 0 0 inf 1 T")) ==
        "a.xyz:3: expected a finite number as 'forces', got 'inf'");
  CHECK(message_of(atom(columns, "H 0 0 0 0 0 0 1.5 T")) ==
        "a.xyz:3: expected an integer as 'a', got '1.5'");
  CHECK(message_of(atom(columns, "H 0 0 0 0 0 0 1 1")) ==
        "a.xyz:3: expected T or F as 'b', got '1'");
}

TEST_CASE("Properties are checked") {
  const auto refused = [](const std::string& properties) {
    const auto message = message_of(atom("Properties=" + properties, "H 0 0 0 0 0 0 0 0"));
    CHECK(message.starts_with("a.xyz:2: expected "));
    return message;
  };
  for (const char* wrong : {"species:S:1:pos:R", "species:S:1:pos:R:3:", ":species:S:1:pos:R:3",
                            "species:S:1::pos:R:3", "species", "species:S:1:pos:R:3:a::1", "\"\""})
    CHECK_THAT(refused(wrong), ContainsSubstring("expected name:type:count triples in Properties"));
  CHECK_THAT(refused("pos:R:3"), ContainsSubstring("expected species and pos in Properties"));
  CHECK_THAT(refused("species:S:1"), ContainsSubstring("got 'species:S:1'"));
  CHECK_THAT(refused("Species:S:1:pos:R:3"), ContainsSubstring("expected species and pos"));
  CHECK(refused("species:I:1:pos:R:3") == "a.xyz:2: expected the type S:1 of 'species', got I:1");
  CHECK(refused("species:S:2:pos:R:3") == "a.xyz:2: expected the type S:1 of 'species', got S:2");
  CHECK(refused("species:S:1:pos:R:2") == "a.xyz:2: expected the type R:3 of 'pos', got R:2");
  CHECK(refused("species:S:1:pos:S:3") == "a.xyz:2: expected the type R:3 of 'pos', got S:3");
  CHECK(refused("species:S:1:pos:R:3:forces:R:1") ==
        "a.xyz:2: expected the type R:3 of 'forces', got R:1");
  CHECK(refused("species:S:1:pos:R:3:a:X:1") ==
        "a.xyz:2: expected S, R, I or L as the type of 'a', got 'X'");
  CHECK_THAT(refused("species:S:1:pos:R:3:a:RR:1"), ContainsSubstring("got 'RR'"));
  for (const char* count : {"0", "-1", "x", "1.5", "2147483648", "99999999999999999999"})
    CHECK(refused(std::string("species:S:1:pos:R:3:a:R:").append(count)) ==
          "a.xyz:2: expected a count of 'a' >= 1, got " + detail::in_quotes(count));
  CHECK_THAT(refused("species:S:1:pos:R:3:pos:R:3"), ContainsSubstring("'pos'"));
}

TEST_CASE("keys are checked") {
  const auto refused = [](const std::string& keys) {
    return message_of(atom("Properties=species:S:1:pos:R:3 " + keys));
  };
  CHECK(refused("a=1 b") == "accepted");
  CHECK(refused("a=1 b=2 a=3") == "a.xyz:2: expected each key once, and none empty, got 'a'");
  CHECK(refused("\"\"=1") == "a.xyz:2: expected each key once, and none empty, got ''");
  CHECK(refused("=1") == "a.xyz:2: expected a key, got '=1'");
  CHECK(refused("a=") == "a.xyz:2: expected a value, got ''");
  CHECK(refused("a=\"b c") == "a.xyz:2: expected a value, got '\"b c'");
  CHECK(refused("a=\"b\\\"") == "a.xyz:2: expected a value, got '\"b\\\"'");
  CHECK(refused("a={1 2]") == "a.xyz:2: expected a value, got '{1 2]'");
  CHECK(refused("a=[[1, 2]") == "a.xyz:2: expected a value, got '[[1, 2]'");
  CHECK(refused("a=b\"c d\"") == "a.xyz:2: expected a value, got 'b\"c d\"'");
  CHECK(refused("a=\"b\"c") == "a.xyz:2: expected a blank after 'a', got 'c'");
  CHECK(refused("a,b=1") == "a.xyz:2: expected a blank after 'a', got ',b=1'");
  CHECK(refused("energy=-1.5eV") == "a.xyz:2: expected finite numbers as energy, got '-1.5eV'");
  CHECK(refused("energy=nan") == "a.xyz:2: expected finite numbers as energy, got 'nan'");
  CHECK(refused("energy") == "a.xyz:2: expected finite numbers as energy, got 'T'");
  CHECK(refused("energy=\"1 2\"") == "a.xyz:2: expected 1 numbers as energy, got 2");
  CHECK(refused("energy=\"-1.5\"") == "accepted");
  // A line of any length does not bury the message, nor does a deep nest or a long number hurt.
  CHECK(refused("=" + std::string(100000, 'x')).size() < 200);
  CHECK(refused("a=" + std::string(100000, '[')).size() < 200);
  CHECK(refused("energy=1" + std::string(1000000, 'd')).size() < 200);
}

TEST_CASE("what would not be read back as it is, is not written") {
  const auto good = one(atom("a=1 Properties=species:S:1:pos:R:3:q:I:1", "H 0 0 0 5"));
  const auto refused = [&](const auto& change) {
    auto bad = good;
    change(bad);
    try {
      serialize_extended_xyz({good, bad}, "b.xyz");
    } catch (const Error& error) {
      CHECK(std::string(error.what()).starts_with("b.xyz"));
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  using C = AtomicConfiguration;
  CHECK(refused([](C&) {}) == "accepted");
  const auto sizes = "b.xyz: frame 1: expected positions and columns of 1 atoms";
  CHECK(refused([](C& c) { c.positions.resize(3, 2); }) == sizes);
  CHECK(refused([](C& c) { c.positions.resize(2, 1); }) == sizes);
  CHECK(refused([](C& c) { c.forces = numbers({}); }) == sizes);
  CHECK(refused([](C& c) { c.columns[0].values.push_back("6"); }) == sizes);
  CHECK(refused([](C& c) { c.columns[0].count = 0; }) == sizes);
  CHECK_THAT(refused([](C& c) {
               c.species.clear();
               c.positions.resize(3, 0);
               c.columns.clear();
             }),
             ContainsSubstring("expected a number of atoms >= 1, got '0'"));
  const auto inf = std::numeric_limits<double>::infinity();
  CHECK_THAT(refused([&](C& c) { c.positions(1, 0) = inf; }),
             ContainsSubstring("as 'pos', got 'inf'"));
  CHECK_THAT(refused([&](C& c) { c.energy = -inf; }), ContainsSubstring("as energy, got '-inf'"));
  CHECK_THAT(refused([](C& c) { c.box = PeriodicBox{Eigen::Matrix3d::Zero()}; }),
             ContainsSubstring("expected a Lattice that spans a volume, got 0"));
  for (const char* name : {"", "H H", "H\n", " H", "H\r"})
    CHECK(refused([&](C& c) { c.species[0] = name; }) != "accepted");
  for (const char* value : {"", "1 2", "x", "1\n"})
    CHECK(refused([&](C& c) { c.columns[0].values[0] = value; }) != "accepted");
  for (const char* name : {"", "a:b", "pos", "species", "forces", "q:I:1:x"})
    CHECK(refused([&](C& c) { c.columns[0].name = name; }) != "accepted");
  for (const char type : {'X', ':', '\n'})
    CHECK(refused([&](C& c) { c.columns[0].type = type; }) != "accepted");
  for (const char* key : {"", "a", "pbc", "Lattice", "Properties", "energy", "virial", "stress"})
    CHECK(refused([&](C& c) { c.info.emplace_back(key, "1"); }) != "accepted");
  CHECK_THAT(
      refused([](C& c) { c.info.emplace_back("energy", "1"); }),
      ContainsSubstring("b.xyz: frame 1: a name, a key or a value in it has another meaning"));
  for (const char* text : {"b", "", " ", "b c", "\n", "\\", "\"", "=", "[", "{[}", "[1]", "[\n]",
                           "\r", "\"x\"", "[1] [2]", "{\"}\"}"}) {
    CHECK(refused([&](C& c) { c.info.emplace_back("key", text); }) == "accepted");
    if (*text != '\0')
      CHECK(refused([&](C& c) { c.info.emplace_back(text, "value"); }) == "accepted");
  }
  CHECK_THROWS_WITH(serialize_extended_xyz({}, "b.xyz"),
                    ContainsSubstring("b.xyz (to be written): expected at least one frame"));
}
