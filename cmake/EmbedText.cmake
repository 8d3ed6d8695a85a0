# SPDX-License-Identifier: MIT
# Makes a C++ file that holds text files as constants, so that they stand in the tree as what they
# are. Run with cmake -P:
#   OUTPUT       the C++ file
#   HEADER       what declares the constants, as it is included
#   CONSTANTS    their names, separated by |
#   FILES_<NAME> the files of one, joined in this order, separated by |
set(TEXT "// Made by cmake/EmbedText.cmake.\n#include \"${HEADER}\"\n\nnamespace tunrelay {\n\n")
string(REPLACE "|" ";" CONSTANTS "${CONSTANTS}")
foreach(NAME IN LISTS CONSTANTS)
  string(REPLACE "|" ";" FILES "${FILES_${NAME}}")
  string(APPEND TEXT "const std::string_view ${NAME} =")
  foreach(FILE IN LISTS FILES)
    file(READ "${FILE}" CONTENT)
    string(APPEND TEXT "\n    R\"embedded(${CONTENT})embedded\"")
  endforeach()
  string(APPEND TEXT ";\n\n")
endforeach()
file(WRITE "${OUTPUT}" "${TEXT}}  // namespace tunrelay\n")
