# SPDX-License-Identifier: MIT
# What the tests of examples share: run(passes|fails arguments...) in an empty folder `run`, and expect_line(regular expression).
file(REMOVE_RECURSE run)
file(MAKE_DIRECTORY run)

# Leaves what the program printed in `output`.
function(run expected)
  execute_process(COMMAND ${PROGRAM} ${ARGN} WORKING_DIRECTORY run
    RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(expected STREQUAL "passes" AND NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}: exit code ${result}\n${output}")
  elseif(expected STREQUAL "fails" AND NOT result MATCHES "^[1-9][0-9]*$")  # nor may it crash
    message(FATAL_ERROR "${ARGN}: expected an error, got ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()
function(expect_line line)
  if(NOT output MATCHES "${line}")
    message(FATAL_ERROR "expected a line '${line}' in\n${output}")
  endif()
endfunction()
