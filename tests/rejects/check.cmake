# SPDX-License-Identifier: MIT
# Checks that SOURCE compiles as it stands, and with -DGSTEER_REJECT fails with the message it announces:
#   // expect: gsteer: <regular expression>    first line; found in the text of one error
#   // names: <regular expression>             any number of further lines at the top; found anywhere in what the compiler prints
# The first half keeps a mistyped file from passing as a refusal. All these compilations begin with the library's headers,
# HEADER, precompiled by this script when it gets no SOURCE: they would be most of the work. (So a file here may include too
# little, and nobody notices.)
set(ENV{LC_ALL} C)

separate_arguments(command UNIX_COMMAND "${FLAGS}")
list(PREPEND command ${COMPILER})
list(APPEND command -I${INCLUDE})
string(REPLACE "|" ";" folders "${SYSTEM_INCLUDES}")
foreach(folder IN LISTS folders)
  list(APPEND command -isystem ${folder})
endforeach()

if(NOT DEFINED SOURCE)
  file(WRITE ${HEADER} "#include <gsteer/gsteer.hpp>\n")
  execute_process(COMMAND ${command} -x c++-header ${HEADER} -o ${HEADER}.gch COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()

file(STRINGS ${SOURCE} lines LIMIT_COUNT 1)
if(NOT lines MATCHES "^// expect: (gsteer: .+)$")
  message(FATAL_ERROR "${SOURCE}: the first line must be `// expect: gsteer: <regular expression>`")
endif()
set(expected "${CMAKE_MATCH_1}")
file(STRINGS ${SOURCE} names REGEX "^// names: .+$")

list(APPEND command -fsyntax-only -include ${HEADER})
# Without the quoted source lines: a static_assert that is only quoted has not spoken.
if(COMPILER_ID MATCHES "Clang")
  list(APPEND command -fno-caret-diagnostics)
else()
  list(APPEND command -fno-diagnostics-show-caret)
endif()

execute_process(COMMAND ${command} ${SOURCE} RESULT_VARIABLE result ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message("${output}")
  message(FATAL_ERROR "${SOURCE}: must compile without -DGSTEER_REJECT, but does not")
endif()

execute_process(COMMAND ${command} -DGSTEER_REJECT ${SOURCE} RESULT_VARIABLE result ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "${SOURCE}: must not compile with -DGSTEER_REJECT, but does")
endif()
if(NOT output MATCHES "error:[^\n]*(${expected})")
  message("${output}")
  message(FATAL_ERROR "${SOURCE}: is refused, but not by an error that matches `${expected}`")
endif()
foreach(line IN LISTS names)
  string(REGEX REPLACE "^// names: " "" name "${line}")
  if(NOT output MATCHES "${name}")
    message("${output}")
    message(FATAL_ERROR "${SOURCE}: what the compiler prints does not match `${name}`")
  endif()
endforeach()
