# SPDX-License-Identifier: MIT
execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "exit code ${result}\n${output}")
endif()
foreach(line
    "group C4 x contrast: [0-9]+ laws tried"
    "field polarities: [0-9]+ laws tried"
    "12 of  200 dimensions, 1 irrep 1,0 of C4 x contrast -> 4 polarities of C4 x contrast"
    "the network has 420 parameters"
    "all checks passed")
  if(NOT output MATCHES "${line}")
    message(FATAL_ERROR "expected a line '${line}' in\n${output}")
  endif()
endforeach()
