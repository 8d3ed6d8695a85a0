#!/usr/bin/python3 -B
# SPDX-License-Identifier: MIT
"""The checks of this folder find what they are there to find: each is handed a small tree
with one fault in it, and the same tree without."""

import json
import tempfile
import unittest
from pathlib import Path

import check_files
import check_headers
import check_includes
import check_lengths
import check_packages
import check_references
import check_words
import sources

LICENCE = f"# {check_words.LICENCE}\n"
CPP_LICENCE = f"// {check_words.LICENCE}\n"

TABLE = f"""{LICENCE}# A table.
tunrelay_module(base LIBRARIES fmt::fmt)
tunrelay_module(packet MODULES base)
tunrelay_module(route MODULES base LIBRARIES json)
tunrelay_module(device MODULES base)
tunrelay_module(engine MODULES packet base)
tunrelay_module(relay MODULES engine packet base)
"""


class CheckTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def assert_finds(self, check, *expected):
        found = check(self.root)
        self.assertEqual(len(found), len(expected), found)
        for finding, part in zip(found, expected):
            self.assertIn(part, finding)


class HeadersTest(CheckTest):
    def find(self, name, *expected):
        self.write("src/stage/a.hpp", "#pragma once\nnamespace n { class Same {}; }\n")
        self.write("src/stage/a.cpp", '#include "stage/a.hpp"\n')
        self.write("src/metrics/b.hpp", f"#pragma once\nnamespace n {{ class {name} {{ int m; }}; }}\n")
        source = self.root / "src/stage/a.cpp"
        command = f"c++ -I{self.root}/src -o a.o -c {source}"
        self.write("build/compile_commands.json",
                   json.dumps([{"file": str(source), "command": command}]))
        self.assert_finds(lambda root: check_headers.conflicts(root, root / "build"), *expected)

    def test_one_name_for_two_things(self):
        self.find("Same", "redefinition", "previous")
        self.find("Other")


class IncludesTest(CheckTest):
    def find(self, name, include, *expected, table=TABLE):
        self.write("src/CMakeLists.txt", table)
        self.write(name, f"#include {include}\n")
        self.assert_finds(check_includes.check, *expected)

    def test_allowed(self):
        self.find("src/engine/a.cpp", '"packet/b.hpp"')
        self.find("src/main.cpp", '"relay/b.hpp"')
        self.find("src/engine/a.cpp", "<liburing.h>")

    def test_a_module_that_is_not_in_its_row(self):
        self.find("src/packet/a.hpp", '"engine/b.hpp"', "a.hpp:1: packet must not include engine")

    def test_the_two_headers_that_one_module_may_know(self):
        self.find("src/relay/a.cpp", "<liburing.h>", "only engine includes liburing.h")
        self.find("src/engine/b.cpp", "<linux/if_tun.h>", "only device", "only engine")

    def test_a_folder_without_a_row(self):
        self.find("src/attic/a.cpp", "<vector>", "attic has no row")

    def test_a_path_without_its_module(self):
        self.find("src/engine/a.cpp", '"b.hpp"', "names no module")

    def test_a_table_that_joins_what_is_apart(self):
        joined = TABLE.replace("route MODULES base", "route MODULES base relay")
        self.find("src/main.cpp", "<vector>", "route reaches relay", table=joined)
        through = TABLE.replace("packet MODULES base", "packet MODULES base device")
        self.find("src/main.cpp", "<vector>", "engine reaches device", "packet must see only",
                  table=through)


class FilesTest(CheckTest):
    def test_what_came_in_by_mistake(self):
        self.write("README.md", "text")
        self.write("tests/corpus/seed", "a seed\0")
        self.write("build/made", "\0")
        self.assert_finds(check_files.check)
        self.write("some.deb", "\0")
        self.write("src/a.out", "\x7fELF\0")
        self.assert_finds(check_files.check, "some.deb:1: does not belong", "some.deb:1: is not text",
                          "src/a.out:1: is not text")


class ReferencesTest(CheckTest):
    def test_a_file_that_is_not_there(self):
        self.write("src/relay/lane.hpp", "// As base/clock.hpp says, and lane.hpp.\n")
        self.write("README.md", "See `src/relay/lane.hpp` and `relay/worker.hpp`.\n")
        self.assert_finds(check_references.check_named_files, "no base/clock.hpp",
                          "README.md:1: there is no relay/worker.hpp")

    def test_an_include_that_nobody_makes(self):
        self.write("src/CMakeLists.txt", TABLE)
        self.write("src/relay/lane.cpp", '#include "engine/a.hpp"\n#include "base/b.hpp"\n')
        self.assert_finds(check_references.check_granted, "relay may include packet, and does not")


class LengthsTest(CheckTest):
    def body(self, lines):
        return "  call();\n" * (lines - 2)

    def test_files(self):
        self.write("src/a.cpp", "// x\n" * 350)
        self.write("tests/a.cpp", "// x\n" * 400)
        self.assert_finds(check_lengths.check)
        self.write("src/b.cpp", "// x\n" * 351)
        self.write("bench/b.cpp", "// x\n" * 401)
        self.assert_finds(check_lengths.check, "bench/b.cpp", "src/b.cpp")

    def test_functions_of_every_kind(self):
        heads = [
            "void f(int a = {}) {",
            "A::A(int x) : x_(x), y_{1}, z_{2} {",
            "template <class T>\nauto A<T>::f() const noexcept -> std::vector<int> {",
            "TEST_F(A, B) {",
            "namespace a { class B : public C {\n public:\n  bool operator()(int x) {",
            'extern "C" {\nvoid f() {',
        ]
        for head in heads:
            closing = "}\n" * without_default(head).count("{")
            self.write("src/a.cpp", head + "\n" + self.body(70) + closing)
            self.assert_finds(check_lengths.check)
            self.write("src/a.cpp", head + "\n" + self.body(71) + closing)
            self.assert_finds(check_lengths.check, "the function has 71 lines")

    def test_what_is_no_function(self):
        self.write("src/a.cpp", "const int kTable[] = {\n" + "  f(1),\n" * 100 + "};\n")
        self.write("src/b.cpp", "struct A {\n" + "  int f() { return 1; }\n" * 100 + "};\n")
        self.write("src/c.cpp", "void f() {\n" + self.body(20) + "}\n// {\nconst char* s = \"{\";\n"
                   + "void g() {\n" + self.body(60) + "}\n")
        self.assert_finds(check_lengths.check)


def without_default(head):
    for values in ("= {}", "y_{1}", "z_{2}"):
        head = head.replace(values, "")
    return head


class WordsTest(CheckTest):
    def test_paths_and_skips(self):
        self.write("README.md", "see /usr/share/doc\n")
        self.assert_finds(check_words.check)
        for line in ("see /ho" + "me/someone/x", "from /wo" + "rk/x", "TEST(A, DISABLED" + "_B)",
                     "GTEST" + "_SKIP()", "x.pkg" + ".dev"):
            self.write("README.md", line + "\n")
            self.assert_finds(check_words.check, "README.md:1: ")

    def test_words_of_our_own(self):
        for word in ("way " + "out", "unf" + "it", "parted b" + "y", "ver" + "bs", "kMos" + "tBytes",
                     "hand-o" + "ff", "Outl" + "et", "ane" + "w ", "chance" + "s", "hel" + "d_bytes",
                     "tol" + "d", "is n" + "o packet", "strange" + "r", "h" + "ub"):
            self.write("src/a.hpp", f"// A {word}\n")
            self.assert_finds(check_words.check_forbidden, "src/a.hpp:1: a word of our own")
        self.write("src/a.hpp", "// There is no other; it is no longer one. ARP who has A, tell B\n")
        self.write("results/a.html", "as it was tol" + "d\n")
        self.assert_finds(check_words.check_forbidden)

    def test_what_has_one_place_in_the_sources(self):
        text = "// What a is.\nauto a = json.dump();\nsocket.dump(x);\n#include <toml++/toml.h>\n"
        self.write("src/cli/a.cpp", text)
        self.write("src/base/json_text.cpp", text.replace("toml++", "x"))
        self.write("tests/a.cpp", text)
        self.assert_finds(check_words.check_forbidden, "src/cli/a.cpp:2", "src/cli/a.cpp:4")

    def test_head_comments(self):
        self.write("src/a.hpp", f"{CPP_LICENCE}// What a is.\n")
        self.write("src/a.cpp", f'{CPP_LICENCE}#include "a.hpp"\n')
        self.write("tools/go", f"#!/bin/sh\n{LICENCE}# Goes.\n")
        self.assert_finds(check_words.check)
        self.write("src/b.cpp", f"{CPP_LICENCE}int b;\n")
        self.write("tools/stop", f"#!/bin/sh\n{LICENCE}exit\n")
        self.assert_finds(check_words.check, "src/b.cpp", "tools/stop")

    def test_licences(self):
        self.write("src/a.hpp", "// What a is.\n")
        self.write("tools/go", "#!/bin/sh\n# Goes.\n")
        self.assert_finds(check_words.check, "src/a.hpp:1: no SPDX", "tools/go:1: no SPDX")


class PackagesTest(CheckTest):
    def test_reasons_and_sections(self):
        self.write("tools/packages.txt", "# A list.\n[build]\ng++  # compiles\n[test]\njq  # reads\n")
        self.assert_finds(check_packages.check)
        self.write("tools/packages.txt", "zip  # packs\n[build]\ng++\njq  # reads\njq  # again\n")
        self.assert_finds(check_packages.check, "no known section", "not `package", "twice")

    def test_a_second_list(self):
        self.write("tools/packages.txt", "[build]\n")
        self.write("tools/go", "#!/bin/sh\napt-get install -y jq\n")
        self.assert_finds(check_packages.check, "tools/go:2")


class WithoutCommentsTest(unittest.TestCase):
    def test_keeps_lines_and_code(self):
        text = "a; // {\n/* {\n */ b('{', \"{\\\"{\", R\"x({)x\", 1'000);\n#define X {\\\n{\nc;\n"
        bare = sources.without_comments(text)
        self.assertEqual(bare.count("\n"), text.count("\n"))
        self.assertNotIn("{", bare)
        for kept in ("a;", "b(", "1'000", "c;"):
            self.assertIn(kept, bare)


if __name__ == "__main__":
    unittest.main()
