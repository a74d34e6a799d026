/* stub */
#ifndef HAK_UNWIND_H
#define HAK_UNWIND_H
#include "base/compiler.h"
enum unwind_how { UNWIND_NONE = 0, UNWIND_FRAMES = 1, UNWIND_TABLES = 2 };
struct unwound { unsigned depth; bool complete; };
static inline struct unwound unwind(uintptr_t *pcs, unsigned most, uintptr_t stack_top, enum unwind_how how)
{ (void)most; (void)stack_top; (void)how; pcs[0] = (uintptr_t)__builtin_return_address(0); return (struct unwound){1, false}; }
#endif
