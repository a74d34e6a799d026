# SPDX-License-Identifier: MIT
# hak_static_pie.m4 - can a program be linked statically, wherever it is loaded?

# HAK_STATIC_PIE: the conditional STATIC_PIE; without it hakmem-preload is not built.
AC_DEFUN([HAK_STATIC_PIE], [
AC_MSG_CHECKING([for static linking of hakmem-preload (-static-pie)])
hak_saved_CFLAGS=$CFLAGS hak_saved_LDFLAGS=$LDFLAGS
CFLAGS="$CFLAGS -fPIE" LDFLAGS="$LDFLAGS -static-pie"
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [[return puts("") < 0;]])],
    [hak_static_pie=yes], [hak_static_pie=no])
CFLAGS=$hak_saved_CFLAGS LDFLAGS=$hak_saved_LDFLAGS
AS_IF([test "x$with_sanitizer" != xno], [hak_static_pie=no])
AC_MSG_RESULT([$hak_static_pie])
AM_CONDITIONAL([STATIC_PIE], [test $hak_static_pie = yes])
])
