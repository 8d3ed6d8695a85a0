# SPDX-License-Identifier: MIT
# Run by cpack between installing and packing: gives the folders of the packages what Debian wants
# beyond what is installed elsewhere (Debian Policy, chapters 10 and 12), and one time to all that is
# in them.
cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE FAILED)
  if(FAILED)
    message(FATAL_ERROR "${ARGN}: ${FAILED}")
  endif()
endfunction()

function(compress)
  if(ARGN)
    run(gzip --best --no-name --force ${ARGN})
  endif()
endfunction()

# Copyright and changelogs of PACKAGE, whose documents are in FOLDER.
function(add_papers PACKAGE FOLDER)
  file(MAKE_DIRECTORY ${FOLDER})
  file(REMOVE ${FOLDER}/LICENSE ${FOLDER}/CHANGELOG.md)
  file(READ ${CPACK_TUNRELAY_SOURCE}/LICENSE LICENCE)
  string(REGEX MATCH "Copyright \\(c\\) ([^\n]*)" FOUND "${LICENCE}")
  set(HOLDER ${CMAKE_MATCH_1})
  string(REGEX REPLACE "^.*Copyright [^\n]*\n+" "" TERMS "${LICENCE}")
  string(STRIP "${TERMS}" TERMS)
  string(REPLACE "\n\n" "\n.\n" TERMS "${TERMS}")
  string(REPLACE "\n" "\n " TERMS "${TERMS}")
  file(WRITE ${FOLDER}/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tunrelay

Files: *
Copyright: ${HOLDER}
License: Expat
 ${TERMS}
")
  file(COPY_FILE ${CPACK_TUNRELAY_SOURCE}/CHANGELOG.md ${FOLDER}/changelog)
  file(WRITE ${FOLDER}/changelog.Debian "${CHANGELOG}")
  compress(${FOLDER}/changelog ${FOLDER}/changelog.Debian)
  set(OVERRIDES ${CPACK_TUNRELAY_SOURCE}/cmake/lintian/${PACKAGE})
  if(EXISTS ${OVERRIDES})
    file(COPY ${OVERRIDES} DESTINATION ${FOLDER}/../../lintian/overrides)
  endif()
endfunction()

# An entry for this version and for each one before it, in Debian's form.
file(STRINGS ${CPACK_TUNRELAY_SOURCE}/CHANGELOG.md RELEASES REGEX "^## \\[[0-9.]+\\] - ")
list(FILTER RELEASES EXCLUDE REGEX "\\[${CPACK_PACKAGE_VERSION}\\]")
set(CHANGELOG "")
foreach(RELEASE "## [${CPACK_PACKAGE_VERSION}] - @$ENV{SOURCE_DATE_EPOCH}" ${RELEASES})
  string(REGEX MATCH "\\[(.*)\\] - (.*)" FOUND "${RELEASE}")
  set(VERSION ${CMAKE_MATCH_1})
  execute_process(COMMAND date --utc --rfc-email --date=${CMAKE_MATCH_2}
    OUTPUT_VARIABLE DATE OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(APPEND CHANGELOG
"tunrelay (${VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Version ${VERSION}; changelog.gz has what is new.

 -- ${CPACK_PACKAGE_CONTACT}  ${DATE}

")
endforeach()

set(UNNEEDED --remove-section=.comment --remove-section=.note)
foreach(GROUP PROGRAM LIBRARY DEVELOPMENT PYTHON)
  string(TOLOWER ${GROUP} FOLDER)
  set(FOLDER ${CPACK_TEMPORARY_DIRECTORY}/${FOLDER})
  if(NOT EXISTS ${FOLDER})  # not built
    continue()
  endif()
  set(PACKAGE ${CPACK_DEBIAN_${GROUP}_PACKAGE_NAME})
  set(DOCUMENTS ${FOLDER}/usr/share/doc)
  if(EXISTS ${DOCUMENTS}/tunrelay AND NOT PACKAGE STREQUAL "tunrelay")
    file(RENAME ${DOCUMENTS}/tunrelay ${DOCUMENTS}/${PACKAGE})
  endif()
  add_papers(${PACKAGE} ${DOCUMENTS}/${PACKAGE})
  if(EXISTS ${FOLDER}/usr/share/zsh/site-functions)
    file(RENAME ${FOLDER}/usr/share/zsh/site-functions ${FOLDER}/usr/share/zsh/vendor-completions)
  endif()
  file(GLOB_RECURSE PAGES ${FOLDER}/usr/share/man/*)
  compress(${PAGES})
  # cpack has stripped programs and shared libraries, of what debuggers need alone.
  file(GLOB_RECURSE ARCHIVES ${FOLDER}/usr/lib/*.a)
  if(ARCHIVES)
    run(strip --strip-debug --enable-deterministic-archives ${UNNEEDED} ${ARCHIVES})
  endif()
  file(GLOB_RECURSE LINKED ${FOLDER}/usr/bin/* ${FOLDER}/usr/lib/*/*.so.* ${FOLDER}/usr/lib/*.abi3.so)
  foreach(FILE ${LINKED})
    if(NOT IS_SYMLINK ${FILE})
      run(strip ${UNNEEDED} ${FILE})
    endif()
  endforeach()
  # Whatever the rights of the sources and the umask are.
  run(chmod --recursive u=rwX,go=rX ${FOLDER})
  run(find ${FOLDER} -exec touch --no-dereference --date=@$ENV{SOURCE_DATE_EPOCH} {} +)
endforeach()
