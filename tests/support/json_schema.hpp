// SPDX-License-Identifier: MIT
// JSON documents against a schema of the source tree, by python3-jsonschema.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace tunrelay::test {

[[nodiscard]] inline bool has_json_schema() {
  return run({"/usr/bin/python3", "-c", "import jsonschema"}).succeeded();
}

/// What is wrong with DOCUMENTS under SCHEMA, a file: "ok\n", or a line a fault.
[[nodiscard]] inline std::string schema_answer(const std::filesystem::path& schema,
                                               const std::vector<std::string>& documents) {
  const TemporaryFolder folder;
  std::vector<std::string> command{
      "/usr/bin/python3", "-c",
      "import json, sys\n"
      "from jsonschema import Draft202012Validator as Validator\n"
      "schema = json.load(open(sys.argv[1]))\n"
      "Validator.check_schema(schema)\n"
      "wrong = [f'{error.json_path}: {error.message}' for path in sys.argv[2:]\n"
      "         for error in Validator(schema).iter_errors(json.load(open(path)))]\n"
      "print('\\n'.join(wrong) or 'ok')\n",
      schema.string()};
  for (std::size_t index = 0; index < documents.size(); ++index)
    command.push_back(folder.write(std::to_string(index), documents[index]));
  return output_of(command);
}

}  // namespace tunrelay::test
