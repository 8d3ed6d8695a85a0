# SPDX-License-Identifier: MIT
# Renders one manual page: SOURCE (*.N.scd) by SCDOC to PAGE, with each line `@include NAME`
# replaced by shared/NAME.scd beside it. To be run as `cmake -DSCDOC=... -P render_page.cmake`.
get_filename_component(FOLDER ${SOURCE} DIRECTORY)
file(READ ${SOURCE} TEXT)
file(GLOB FRAGMENTS ${FOLDER}/shared/*.scd)
# Twice, since a fragment may include another one.
foreach(ROUND 1 2)
  foreach(FRAGMENT ${FRAGMENTS})
    get_filename_component(NAME ${FRAGMENT} NAME_WE)
    file(READ ${FRAGMENT} CONTENT)
    string(STRIP "${CONTENT}" CONTENT)
    string(REPLACE "\n@include ${NAME}\n" "\n${CONTENT}\n" TEXT "${TEXT}")
  endforeach()
endforeach()
if(TEXT MATCHES "\n(@include [^\n]*)\n")
  message(FATAL_ERROR "${SOURCE}: ${CMAKE_MATCH_1}: there is no such file in ${FOLDER}/shared")
endif()

file(WRITE ${PAGE}.scd "${TEXT}")
execute_process(COMMAND ${SCDOC} INPUT_FILE ${PAGE}.scd OUTPUT_FILE ${PAGE}
                ERROR_VARIABLE COMPLAINT RESULT_VARIABLE FAILED)
file(REMOVE ${PAGE}.scd)
if(FAILED)
  file(REMOVE ${PAGE})
  message(FATAL_ERROR "${SOURCE}: ${COMPLAINT}")
endif()

# What scdoc leaves as it is, and groff 1.23 shows as typographic characters: then options and
# commands could not be copied from the page. Macro lines and \h'-04' keep their minus signs.
file(READ ${PAGE} TEXT)
set(MARK "Begin generated content:")
string(FIND "${TEXT}" "${MARK}" AT)
string(SUBSTRING "${TEXT}" 0 ${AT} HEAD)
string(SUBSTRING "${TEXT}" ${AT} -1 BODY)
string(REPLACE "-" "\\-" BODY "${BODY}")
string(REPLACE "\\h'\\-" "\\h'-" BODY "${BODY}")
string(REPLACE "\\&'" "\\(aq" BODY "${BODY}")
string(REPLACE "'\\&" "\\(aq" BODY "${BODY}")
string(REPLACE "^" "\\(ha" BODY "${BODY}")
string(REPLACE "~" "\\(ti" BODY "${BODY}")
string(REPLACE "`" "\\(ga" BODY "${BODY}")
set(BEFORE "")
while(NOT BODY STREQUAL BEFORE)
  set(BEFORE "${BODY}")
  string(REGEX REPLACE "(\n\\.[^\n]*)\\\\-" "\\1-" BODY "${BODY}")
endwhile()
file(WRITE ${PAGE} "${HEAD}${BODY}")
