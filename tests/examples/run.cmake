# SPDX-License-Identifier: MIT
# What the tests of examples share: run(passes|fails arguments...) in an empty folder `run`, expect_line(regular expression), and
# kill_at(checkpoint arguments...).
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
# kill -9 as soon as there is a checkpoint, at whatever point the run then is.
function(kill_at checkpoint)
  find_program(bash bash REQUIRED)
  string(JOIN " " arguments ${ARGN} --save ${checkpoint})
  execute_process(COMMAND ${bash} -c "
    '${PROGRAM}' ${arguments} > killed.log 2>&1 &
    for i in $(seq 2000); do [ -s ${checkpoint} ] && break; sleep 0.01; done
    kill -9 $! 2>/dev/null; wait $! 2>/dev/null; [ -s ${checkpoint} ]"
    WORKING_DIRECTORY run RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "the run to be killed wrote no checkpoint")
  endif()
endfunction()
