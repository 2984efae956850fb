# SPDX-License-Identifier: Apache-2.0
# One folder of src/ = one namespace = one library.
#
#   module(raft PURE DEPS base SOURCES node.cc quorum.cc HEADERS node.h quorum.h TESTS quorum_test.cc)
#
# DEPS are the only other modules whose headers this one may include; tools/check_layers.py holds it
# to that. LIBS are libraries from outside the tree (fmt::fmt, ...). PURE modules may not reach the
# operating system; tools/check_pure.py reads their object code to make sure.
#
# A folder without TESTS yet, or without SOURCES (headers only), is fine. Tests are one program a
# module, `NAME_test`, known to ctest as `unit.NAME`; TEST_DEPS are modules only the tests include.
# Presets that compile everything at once (CMAKE_UNITY_BUILD) put a dozen sources of a module into one; APART are those whose
# file-local names collide with a neighbour's, compiled alone. Presets dev and clang compile each source alone.
# COLD modules wait for others most of the time: -O1 also in Release, two thirds of the time to compile.
# Each file of FUZZ is a libFuzzer program of its own, built by the preset `fuzz` only (target `fuzz_programs`).
if(SEAWORTHY_FUZZ)
  add_custom_target(fuzz_programs)
endif()
function(module name)
  cmake_parse_arguments(M "PURE;COLD" "" "DEPS;LIBS;SOURCES;APART;HEADERS;TESTS;TEST_DEPS;FUZZ" ${ARGN})
  if(M_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "module(${name}): unknown words ${M_UNPARSED_ARGUMENTS}")
  endif()
  set_source_files_properties(${M_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  if(M_SOURCES)
    set(scope PUBLIC)
    add_library(${name} STATIC ${M_SOURCES})
    set_target_properties(${name} PROPERTIES OUTPUT_NAME seaworthy_${name})
  else()
    set(scope INTERFACE)
    add_library(${name} INTERFACE)
  endif()
  if(M_COLD)
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  target_sources(${name} ${scope} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${M_HEADERS})
  target_link_libraries(${name} ${scope} ${M_DEPS} ${M_LIBS})
  if(M_PURE AND M_SOURCES AND BUILD_TESTING AND NOT SEAWORTHY_MUTANTS)  # A switch is a mutable global.
    add_test(NAME pure.${name} COMMAND ${Python3_EXECUTABLE}
             ${PROJECT_SOURCE_DIR}/tools/check_pure.py $<TARGET_FILE:${name}>)
  endif()
  if(M_TESTS AND BUILD_TESTING)
    add_executable(${name}_test ${M_TESTS})
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/test)
    target_link_libraries(${name}_test PRIVATE ${name} ${M_TEST_DEPS} GTest::gtest GTest::gtest_main)
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)  # What is tested has its -O2; half the time to compile.
    target_compile_definitions(${name}_test PRIVATE TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
    add_test(NAME unit.${name} COMMAND ${name}_test)
    set_tests_properties(unit.${name} PROPERTIES TIMEOUT 120)
  endif()
  if(SEAWORTHY_FUZZ)
    foreach(file IN LISTS M_FUZZ)
      cmake_path(GET file STEM program)
      add_executable(${program} ${file})
      set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
      target_link_libraries(${program} PRIVATE ${name})
      target_link_options(${program} PRIVATE -fsanitize=fuzzer)
      add_dependencies(fuzz_programs ${program})
    endforeach()
  endif()
endfunction()

# The targets of this tree that `target` is linked from, directly or not, itself included.
function(module_closure target result)
  set(closure "")
  set(waiting ${target})
  while(waiting)
    list(POP_FRONT waiting next)
    string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" next ${next})
    if(NOT TARGET ${next} OR next IN_LIST closure)
      continue()
    endif()
    get_target_property(imported ${next} IMPORTED)
    if(imported)
      continue()
    endif()
    list(APPEND closure ${next})
    foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
      get_target_property(libraries ${next} ${property})
      if(libraries)
        list(APPEND waiting ${libraries})
      endif()
    endforeach()
  endwhile()
  set(${result} ${closure} PARENT_SCOPE)
endfunction()
