#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the compiler's flags for instruction sets bring: bench/flags.sh [FLAGS...], by default none, x86-64-v3 and native.
# Times of bench/flags.cpp on one thread: microseconds with the first flags, and how many times faster the others are.
# The programs take turns; ROUNDS (5) of them, with SECONDS_EACH (0.1) a row. EIGEN names Eigen's folder, CXX the compiler.
set -euo pipefail

cd "$(dirname "$0")/.."
cxx=${CXX:-g++} eigen=${EIGEN:-/usr/include/eigen3} rounds=${ROUNDS:-5}
[ $# -gt 0 ] || set -- "" "-march=x86-64-v3" "-march=native"
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT

i=0
for flags in "$@"; do
  # shellcheck disable=SC2086  # several flags in one argument
  "$cxx" -std=c++20 -O3 -DNDEBUG $flags -Iinclude -Ibench -isystem "$eigen" bench/flags.cpp -o "$out/program$i" -pthread
  i=$((i + 1))
done
for ((round = 0; round < rounds; ++round)); do
  for ((j = 0; j < i; ++j)); do
    "$out/program$j" "${SECONDS_EACH:-0.1}" | sed "s/^/$j\t/" >>"$out/times"
  done
done

printf '| microseconds'
# shellcheck disable=SC2016  # the backquotes are Markdown's
for flags in "$@"; do printf ' | `%s`' "${flags:-no flag}"; done
printf ' |\n|---'
for flags in "$@"; do printf '|--:'; done
printf '|\n'
# Sorted by program, row and time, the middle of each group of lines is its median.
cut -f 2 "$out/times" | awk '!seen[$0]++' >"$out/rows"
sort -t "$(printf '\t')" -k 1,1n -k 2,2 -k 3,3n "$out/times" >"$out/sorted"
awk -F '\t' -v programs="$i" -v middle="$(((rounds + 1) / 2))" '
  NR == FNR { rows[NR] = $1; next }
  { time[$1, $2, ++count[$1, $2]] = $3 }
  END {
    for (r = 1; r in rows; ++r) {
      first = time[0, rows[r], middle]
      line = sprintf("| %s | %.0f", rows[r], first)
      for (j = 1; j < programs; ++j) line = line sprintf(" | %.2fx", first / time[j, rows[r], middle])
      print line " |"
    }
  }' "$out/rows" "$out/sorted"
