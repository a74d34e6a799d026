# SPDX-License-Identifier: MIT
# hak_profile.m4 - what hakmem profile uses beside the C library, in the command alone.

# HAK_LIBRARY(VARIABLE, MODULE, HEADER, FUNCTION, LIBRARY, WHAT IT IS FOR): --with-LIBRARY; HAVE_VARIABLE in config.h.
# pkg-config tells where it is, or else the compiler finds it.
AC_DEFUN([HAK_LIBRARY], [
AC_ARG_WITH([$5],
    [AS_HELP_STRING([--without-$5], [hakmem profile without $5: $6])],
    [], [with_$5=check])
$1_CFLAGS= $1_LIBS=
AS_IF([test "x$with_$5" != xno], [
    hak_pkg=`(pkg-config --cflags $2) 2>/dev/null` && $1_CFLAGS=$hak_pkg
    hak_pkg=`(pkg-config --libs $2) 2>/dev/null` && $1_LIBS=$hak_pkg || $1_LIBS=-l$7
    AC_MSG_CHECKING([for $5])
    hak_saved_CFLAGS=$CFLAGS hak_saved_LIBS=$LIBS
    CFLAGS="$CFLAGS $[]$1_CFLAGS" LIBS="$LIBS $[]$1_LIBS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <$3>]], [[return $4;]])],
        [hak_works=yes
         AC_DEFINE([HAVE_$1], [1], [Define to 1 if there is $5.])],
        [hak_works=no; $1_CFLAGS= $1_LIBS=])
    CFLAGS=$hak_saved_CFLAGS LIBS=$hak_saved_LIBS
    AC_MSG_RESULT([$hak_works])
    AS_IF([test "$with_$5$hak_works" = yesno], [AC_MSG_ERROR([--with-$5: it is not here])])
])
AC_SUBST([$1_CFLAGS])
AC_SUBST([$1_LIBS])
])

AC_DEFUN([HAK_PROFILE_LIBRARIES], [
HAK_LIBRARY([LIBDW], [libdw], [elfutils/libdwfl.h], [dwfl_begin(0) != 0], [libdw], [no names of functions], [dw])
HAK_LIBRARY([ZLIB], [zlib], [zlib.h], [zlibVersion() == 0], [zlib], [profiles are not compressed], [z])
])
