/* SPDX-License-Identifier: MIT */
/* surface/cxx.h - the C++ run-time of who calls the operators. */
#ifndef HAK_CXX_H
#define HAK_CXX_H

#include "base/compiler.h"

/* `operator new` could not serve the code at CALLER: run the new_handler until there is memory or no handler,
 * then throw std::bad_alloc. */
COLD void *cxx_new_failed(size_t size, const void *caller);
COLD void *cxx_new_aligned_failed(size_t size, size_t align, const void *caller);

/* The form NAME, mangled, of the run-time that the program itself is linked with, or NULL. It stays. */
COLD void *cxx_of_program(const char *name);

/* As the first two for the forms with nothrow, by their mangled NAMEs: NULL, also where the handler
 * throws. Not in the static library: those of the run-time do, which end in ours. */
COLD void *cxx_nothrow_failed(const char *name, size_t size, const void *caller);
COLD void *cxx_nothrow_aligned_failed(const char *name, size_t size, size_t align, const void *caller);

#endif
