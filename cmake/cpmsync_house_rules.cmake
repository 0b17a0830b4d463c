# SPDX-License-Identifier: MIT
# How our own code is compiled. A project that adds this one as a subdirectory keeps its own warnings and flags.
function(cpmsync_house_rules target)
  set_target_properties(${target} PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
    return()
  endif()
  if(CPMSYNC_TOP_LEVEL)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  endif()
  # Not with sanitizers: gcc then warns of what cannot be, because it sees the checks it put in.
  if(CPMSYNC_WERROR AND NOT CPMSYNC_SANITIZE)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# Directory-wide, so that libraries, tests and examples agree.
if(CPMSYNC_SANITIZE)
  string(REPLACE ";" "," cpmsync_sanitizers "${CPMSYNC_SANITIZE}")
  add_compile_options(-fsanitize=${cpmsync_sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${cpmsync_sanitizers})
endif()
