# Writes OUTPUT, a header that says what was built: run as a script, with SOURCE, VERSION, BUILD_TYPE and COMPILER.
cmake_minimum_required(VERSION 3.25)
set(commit unknown)
find_package(Git QUIET)
if(GIT_FOUND)
  execute_process(COMMAND "${GIT_EXECUTABLE}" --no-optional-locks --git-dir=${SOURCE}/.git --work-tree=${SOURCE} describe --always --dirty --abbrev=12 --match=
    OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(commit "${described}")
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT
"#pragma once
#define BANK_VERSION \"@VERSION@\"
#define BANK_COMMIT \"@commit@\"
#define BANK_COMPILER \"@COMPILER@\"
#define BANK_BUILD_TYPE \"@BUILD_TYPE@\"
")
