# SPDX-License-Identifier: MIT
# Compiles the C++ in one Markdown file, FILE, and runs the programs in it. Every ```cpp fence has a marker before it:
#   <!-- snippet: program -->         a whole program, compiled as it stands and run without arguments in an empty folder
#   <!-- snippet: declarations -->    at namespace scope
#   <!-- snippet: body -->            inside a function; follows the includes below and `using namespace gsteer`
# A snippet begins a new section of the file, unless its marker says so:
#   <!-- snippet: body, continues -->  (or declarations, or program)
# A section is a namespace of its own. In it, all declarations stand before all bodies, and these are parts of one function.
# A program that continues has the declarations of its section before it, in the same namespace.
# Declarations and bodies of a file are one translation unit, which is checked but not run. Errors name lines of FILE.
#
# COMPILER, FLAGS, INCLUDE, SYSTEM_INCLUDES and IMPLICIT_INCLUDES (lists with | for ;): how to compile. WORK: a folder.
cmake_minimum_required(VERSION 3.24)
set(ENV{LC_ALL} C)
set(preamble "#include <gsteer/gsteer.hpp>
#include <gsteer/io/checkpoint.hpp>
#include <gsteer/io/idx.hpp>
#include <gsteer/io/safetensors.hpp>
#include <iostream>
using namespace gsteer;
")

get_filename_component(file ${FILE} NAME)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
file(READ ${FILE} rest)
string(REPLACE "\r" "" rest "${rest}")

# Line by line without lists, whose rules for ; and [ are not those of C++.
set(number 0)
set(marker "")
set(inside "")         # what kind of fence the line is in: "", "other", or the kind of snippet
set(programs 0)
set(includes "")       # of the shared translation unit
set(unit "")           # finished sections
set(sections 0)
set(declarations "")   # of the present section
set(bodies "")
set(section_includes "")

macro(end_section)
  if(NOT declarations STREQUAL "" OR NOT bodies STREQUAL "")
    string(APPEND unit "namespace section_${sections} {\n${declarations}void body() {\n${bodies}}\n}\n")
    string(APPEND includes "${section_includes}")
  endif()
  math(EXPR sections "${sections} + 1")
  set(declarations "")
  set(bodies "")
  set(section_includes "")
endmacro()

while(NOT rest STREQUAL "")
  string(FIND "${rest}" "\n" end)
  if(end EQUAL -1)
    set(line "${rest}")
    set(rest "")
  else()
    string(SUBSTRING "${rest}" 0 ${end} line)
    math(EXPR end "${end} + 1")
    string(SUBSTRING "${rest}" ${end} -1 rest)
  endif()
  math(EXPR number "${number} + 1")

  if(inside STREQUAL "")
    if(line MATCHES "^ *```")
      if(line MATCHES "^```(cpp|c\\+\\+)$")
        if(marker STREQUAL "")
          message(FATAL_ERROR "${file}:${number}: the line before this fence must be a marker such as "
            "<!-- snippet: body -->; tests/docs/snippets.cmake says which there are")
        endif()
        set(inside ${marker})
        set(code "")
        set(code_includes "")
        math(EXPR first "${number} + 1")
        if(NOT continues)
          end_section()
        endif()
      else()
        set(inside other)
      endif()
      set(marker "")
    elseif(line MATCHES "^<!-- snippet: (program|declarations|body)(, continues)? -->$")
      set(marker ${CMAKE_MATCH_1})
      string(COMPARE NOTEQUAL "${CMAKE_MATCH_2}" "" continues)
    elseif(line MATCHES "^<!-- snippet")
      message(FATAL_ERROR "${file}:${number}: no such marker: ${line}")
    elseif(NOT line STREQUAL "" AND NOT marker STREQUAL "")
      message(FATAL_ERROR "${file}:${number}: expected a cpp fence after the marker of a snippet")
    endif()
  elseif(NOT line MATCHES "^ *```")
    if(line MATCHES "^#include" AND NOT inside STREQUAL "program")
      string(APPEND code_includes "${line}\n")
      set(line "")
    endif()
    string(APPEND code "${line}\n")
  else()  # the end of a fence
    set(code "#line ${first} \"${file}\"\n${code}")
    if(inside STREQUAL "program")
      math(EXPR programs "${programs} + 1")
      if(continues)
        set(code "${section_includes}${declarations}${code}")
      endif()
      file(WRITE ${WORK}/program_${programs}.cpp "${code}")
    elseif(inside STREQUAL "declarations")
      string(APPEND declarations "${code}")
      string(APPEND section_includes "${code_includes}")
    elseif(inside STREQUAL "body")
      string(APPEND bodies "${code}")
      string(APPEND section_includes "${code_includes}")
    endif()
    set(inside "")
  endif()
endwhile()
if(NOT inside STREQUAL "" OR NOT marker STREQUAL "")
  message(FATAL_ERROR "${file}: the last fence has no end, or the last marker no fence")
endif()
end_section()

separate_arguments(command UNIX_COMMAND "${FLAGS}")
list(PREPEND command ${COMPILER})
# Snippets name things that only prose makes use of.
list(APPEND command -Wall -Wextra -Werror -Wno-unused-variable -Wno-unused-but-set-variable -I${INCLUDE})
string(REPLACE "|" ";" folders "${SYSTEM_INCLUDES}")
string(REPLACE "|" ";" implicit "${IMPLICIT_INCLUDES}")
list(REMOVE_DUPLICATES folders)
foreach(folder IN LISTS folders)
  if(folder AND NOT folder IN_LIST implicit)
    list(APPEND command -isystem ${folder})
  endif()
endforeach()

if(NOT unit STREQUAL "")
  file(WRITE ${WORK}/snippets.cpp "${includes}${preamble}${unit}")
  execute_process(COMMAND ${command} -fsyntax-only ${WORK}/snippets.cpp COMMAND_ERROR_IS_FATAL ANY)
endif()
foreach(i RANGE 1 ${programs})
  if(i GREATER programs)  # RANGE counts down from 1 to 0
    break()
  endif()
  if(EXISTS ${WORK}/program_${i}.cpp)
    execute_process(COMMAND ${command} -Og -pthread ${WORK}/program_${i}.cpp -o ${WORK}/program_${i}
      COMMAND_ERROR_IS_FATAL ANY)
    file(MAKE_DIRECTORY ${WORK}/run_${i})
    message(STATUS "${file}, program ${i}:")
    execute_process(COMMAND ${WORK}/program_${i} WORKING_DIRECTORY ${WORK}/run_${i} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
