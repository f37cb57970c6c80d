# SPDX-License-Identifier: MIT
set(small --train 50 --test 20)

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

# Learns: the constant prediction has a force error of 850 meV/Angstrom.
run(passes ${small} --epochs 12 --steps 2000 --trajectory path.extxyz)
file(SHA256 run/molecule_forces.safetensors whole)
expect_line("2300 configurations in")
expect_line("[0-9]+ parameters, [0-9.]+ neighbors within 4.0 Angstrom")
expect_line("epoch  12 of 12, training +[0-9.]+ meV +[0-9.]+ meV/A, validation +[0-9.]+ meV +[0-9.]+ meV/A")
expect_line("test, 20 configurations: energy MAE [0-9.]+ meV, force MAE [0-9.]+ meV/Angstrom")
# Below 1e-3 with this little training; it is the network's own energy that is conserved.
expect_line("dynamics at constant energy, 1.0 ps in steps of 0.50 fs at [0-9]+ K: drift -?[0-9.]+e-0[4-9] eV/ps per atom")
expect_line("100 frames in path.extxyz")
string(REGEX MATCH "test, 20 configurations[^\n]*" tested "${output}")
string(REGEX MATCH "force MAE ([0-9]+)" force "${output}")
if(CMAKE_MATCH_1 GREATER 400)
  message(FATAL_ERROR "it did not learn: ${tested}")
endif()
string(REGEX MATCH "dynamics at constant energy[^\n]*" drifted "${output}")
file(READ run/molecule_forces.png start LIMIT 16 HEX)
if(NOT start STREQUAL "89504e470d0a1a0a0000000d49484452")
  message(FATAL_ERROR "molecule_forces.png is not a picture: it begins with ${start}")
endif()

# A saved model gives the same numbers, and the trajectory is a data set.
run(passes ${small} --steps 2000 --load molecule_forces.safetensors)
foreach(line IN ITEMS "${tested}" "${drifted}")
  string(FIND "${output}" "${line}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "expected '${line}' of the model that was saved, got\n${output}")
  endif()
endforeach()
run(passes --data path.extxyz --load molecule_forces.safetensors --test 5 --steps 0)
expect_line("100 configurations in path.extxyz")
expect_line("test, 5 configurations: energy MAE 0.0[0-9] meV, force MAE 0.0[0-9] meV/Angstrom")

# kill -9 as soon as there is a checkpoint, at whatever point the training then is: resumed, on one thread, it ends in the same
# weights, bit for bit.
find_program(bash bash REQUIRED)  # to kill a run
string(JOIN " " arguments ${small} --epochs 12 --steps 0 --model killed.safetensors --save killed.ckpt)
execute_process(COMMAND ${bash} -c "
  '${PROGRAM}' ${arguments} > killed.log 2>&1 &
  for i in $(seq 2000); do [ -s killed.ckpt ] && break; sleep 0.01; done
  kill -9 $! 2>/dev/null; wait $! 2>/dev/null; [ -s killed.ckpt ]"
  WORKING_DIRECTORY run RESULT_VARIABLE code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "the run to be killed wrote no checkpoint")
endif()
run(passes ${small} --epochs 12 --steps 0 --threads 1 --model killed.safetensors --resume killed.ckpt)
expect_line("resumed after epoch ([1-9]|1[01])\n")
file(SHA256 run/killed.safetensors resumed)
if(NOT resumed STREQUAL whole)
  message(FATAL_ERROR "a run that was killed and resumed has other weights")
endif()

# Elements that the training set does not have, and a model for more elements than the file has.
set(frames "")
foreach(i RANGE 1 11)
  set(other H)
  if(i EQUAL 7)
    set(other F)
  endif()
  string(APPEND frames "2\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-${i}\nO 0 0 0 0 0 0.${i}\n${other} 0 0 1.${i} 0 0 -0.${i}\n")
endforeach()
file(WRITE run/rare.extxyz "${frames}")
foreach(train 1 5)
  run(passes --data rare.extxyz --train ${train} --test 5 --epochs 1 --steps 0 --model rare.safetensors)
endforeach()
string(REPLACE "F 0 0" "H 0 0" frames "${frames}")
file(WRITE run/common.extxyz "${frames}")
run(passes --data common.extxyz --test 5 --steps 0 --load rare.safetensors)

# Mistakes are said.
file(WRITE run/bad.extxyz "1\nProperties=species:S:1:pos:R:3\nC 0 0 0\n1\nProperties=species:S:1:pos:R:3\nC 0 0 0\n")
run(fails --data bad.extxyz)
expect_line("expected an energy and forces to learn from")
file(WRITE run/bad.extxyz "2\nProperties=species:S:1:pos:R:3\nC 0 0 0\n")
run(fails --data bad.extxyz)
expect_line("molecule_forces: bad.extxyz")
file(WRITE run/bad.safetensors "nothing")
run(fails ${small} --epochs 12 --cutoff 3 --resume killed.ckpt)
expect_line("killed.ckpt: expected a run with cutoff 3, it is of one with 4")
run(fails --load bad.safetensors)
expect_line("molecule_forces: bad.safetensors")
