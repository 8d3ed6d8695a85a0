# SPDX-License-Identifier: MIT
"""Writes the C source of tunrelay._native, by cffi, from the headers of the boundary:
    build_native.py OUTPUT.c HEADER...
The headers stay the only place where the boundary is described: what cffi's parser does not take,
which is the preprocessor and C++, is left out."""

import re
import sys
from pathlib import Path

import cffi

CALLS = """
extern "Python" {
  int tunrelay_py_create(void* handle, uint32_t endpoint, uint32_t stage,
                         const struct tunrelay_site* site, const struct tunrelay_option* options,
                         size_t option_count, char* error, size_t error_bytes);
  void tunrelay_py_destroy(void* handle, uint32_t endpoint);
  void tunrelay_py_turn(void* handle, uint32_t endpoint, int64_t now_ns);
  void tunrelay_py_event(void* context, const char* kind, const char* text);
}
"""


def declarations(header):
    """The declarations in HEADER's text, with its numbers."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", header, flags=re.DOTALL)
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.DOTALL)
    numbers = dict(re.findall(r"^#define (TUNRELAY_\w+) (\d+)u?[ \t]*$", text, re.MULTILINE))
    text = re.sub(r"^[ \t]*#[^\n]*$", "", text, flags=re.MULTILINE)
    return "\n".join(f"#define {name} {value}" for name, value in numbers.items()) + text


def main(output, *headers):
    ffi = cffi.FFI()
    for header in headers:
        ffi.cdef(declarations(Path(header).read_text()))
    ffi.cdef(CALLS)
    ffi.set_source("tunrelay._native", '#include "python/bridge.h"\n')
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main(*sys.argv[1:])
