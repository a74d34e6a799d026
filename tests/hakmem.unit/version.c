/* SPDX-License-Identifier: MIT */
/* hak_version() is the version configure was given. */
#include "check.h"
#include "config.h"

int main(void)
{
    CHECK(strcmp(hak_version(), PACKAGE_VERSION) == 0);
    return 0;
}
