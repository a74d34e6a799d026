// SPDX-License-Identifier: MIT
// delete twice; the diagnostic says "free".
// { dg-variant "-DSIZE=24" }
// { dg-variant "-DSIZE=5000" }
// { dg-death {free\(\): double free %p} }
#include "death.h"

int main()
{
    char *p = new char[SIZE];
    tell(p);
    delete[] p;
    FAULT(delete[] (char *)hide(p));
    return 0;
}
