# bank_room(NAME [DEPS rooms…] [LIBS third-party targets…] [TEST_DEPS …])
#
# One folder under src/ is one static library `bank_NAME`, and one test binary `NAME_test` of the *_test.cpp files that
# stand beside the code. DEPS are the rooms that it may include (see ARCHITECTURE.md; tools/check_layers checks the includes).
# LIBS stay private: a third party's library is known to one room only.
function(bank_room name)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp" "${CMAKE_CURRENT_SOURCE_DIR}/*.h")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(TRANSFORM ARG_DEPS PREPEND "bank_")
  list(TRANSFORM ARG_TEST_DEPS PREPEND "bank_")

  add_library(bank_${name} STATIC ${sources})
  set_target_properties(bank_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(bank_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
  target_link_libraries(bank_${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_LIBS} bank_options)

  if(BANK_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_compile_definitions(${name}_test PRIVATE BANK_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name}_test PRIVATE bank_${name} ${ARG_TEST_DEPS} ${ARG_LIBS} bank_options GTest::gmock GTest::gtest_main)
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES LABELS unit)
  endif()
endfunction()
