# SPDX-License-Identifier: MIT
# Which commit a tree of sources is, and when it was made. An archive by `git archive` has both in
# commit.txt; a tree without either, as one that was copied without its history, has none.

# COMMIT: 12 hexadecimal digits, "-dirty" behind those of a tree that was changed since, or empty.
# TIME: seconds since the epoch, or empty. A tree that was unpacked inside another project's
# repository is not taken for that project's.
function(tunrelay_source_commit SOURCE COMMIT TIME)
  set(${COMMIT} "" PARENT_SCOPE)
  set(${TIME} "" PARENT_SCOPE)
  file(READ ${SOURCE}/cmake/commit.txt ARCHIVED)
  if(ARCHIVED MATCHES "^([0-9a-f]+) ([0-9]+)")
    set(SECONDS ${CMAKE_MATCH_2})
    string(SUBSTRING ${CMAKE_MATCH_1} 0 12 NAME)
  else()
    find_program(GIT git)
    if(NOT GIT)
      return()
    endif()
    # The tree may belong to who has cloned it, and root builds.
    set(GIT_HERE ${GIT} -c safe.directory=${SOURCE} -C ${SOURCE})
    execute_process(COMMAND ${GIT_HERE} rev-parse --show-prefix OUTPUT_VARIABLE PLACE
      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE OUTSIDE)
    if(OUTSIDE OR NOT PLACE STREQUAL "")
      return()
    endif()
    execute_process(COMMAND ${GIT_HERE} describe --always --abbrev=12 --dirty --exclude=*
      OUTPUT_VARIABLE NAME OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND ${GIT_HERE} log -1 --format=%ct
      OUTPUT_VARIABLE SECONDS OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  set(${COMMIT} "${NAME}" PARENT_SCOPE)
  set(${TIME} "${SECONDS}" PARENT_SCOPE)
endfunction()
