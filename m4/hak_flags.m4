# SPDX-License-Identifier: MIT
# hak_flags.m4 - compiler and linker flags, each used only where it is understood.
#
# What the user says in CFLAGS and LDFLAGS comes after all of them.

# HAK_CHECK_FLAGS(VARIABLE, FLAGS, [COMPILE | LINK | SHARED]): append each flag that works to VARIABLE.
AC_DEFUN([HAK_CHECK_FLAGS], [
for hak_flag in $2; do
    AC_MSG_CHECKING([whether the compiler accepts $hak_flag])
    hak_saved_CFLAGS=$CFLAGS hak_saved_LDFLAGS=$LDFLAGS
    m4_case([$3],
        [COMPILE], [CFLAGS="$CFLAGS -Werror $hak_flag"
            AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [hak_works=yes], [hak_works=no])],
        [LINK], [LDFLAGS="$LDFLAGS $hak_flag"
            AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [hak_works=yes], [hak_works=no])],
        [SHARED], [CFLAGS="$CFLAGS -fPIC" LDFLAGS="$LDFLAGS -shared $hak_flag"
            AC_LINK_IFELSE([AC_LANG_SOURCE([int hak_probe;])], [hak_works=yes], [hak_works=no])])
    CFLAGS=$hak_saved_CFLAGS LDFLAGS=$hak_saved_LDFLAGS
    AC_MSG_RESULT([$hak_works])
    AS_IF([test $hak_works = yes], [$1="[$]$1 $hak_flag"])
done
])

# HAK_FLAGS: set HAK_CFLAGS (all C code of the library), HAK_WARNINGS (all C code), HAK_SHARED_LDFLAGS (the shared
# library), HAK_SANITIZE (programs that link the core).
AC_DEFUN([HAK_FLAGS], [
HAK_WARNINGS=
HAK_CHECK_FLAGS([HAK_WARNINGS], [-Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wvla -Wimplicit-fallthrough], [COMPILE])
AS_IF([test "x$enable_werror" != xno], [HAK_WARNINGS="$HAK_WARNINGS -Werror"])

HAK_CFLAGS=
HAK_CHECK_FLAGS([HAK_CFLAGS], [-std=gnu11 -fvisibility=hidden -ftls-model=initial-exec -fno-semantic-interposition -fno-plt -fexceptions], [COMPILE])
# Without these the compiler may turn malloc and memset inside calloc into calloc, which never ends.
for hak_name in malloc calloc realloc free memalign aligned_alloc posix_memalign valloc pvalloc reallocarray strdup; do
    HAK_CHECK_FLAGS([HAK_CFLAGS], [-fno-builtin-$hak_name], [COMPILE])
done

# On the command line, because no header of the library includes config.h.
AS_IF([test "x$enable_debug" != xno], [HAK_CFLAGS="$HAK_CFLAGS -DHAK_DEBUG=1"])

HAK_SHARED_LDFLAGS=
HAK_CHECK_FLAGS([HAK_SHARED_LDFLAGS], [-Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,-z,defs -Wl,-z,noexecstack], [SHARED])

HAK_SANITIZE=
AS_IF([test "x$with_sanitizer" != xno], [
    HAK_CHECK_FLAGS([HAK_SANITIZE], [-fsanitize=$with_sanitizer], [LINK])
    AS_IF([test -z "$HAK_SANITIZE"], [AC_MSG_ERROR([the compiler cannot link with -fsanitize=$with_sanitizer])])
    HAK_CHECK_FLAGS([HAK_SANITIZE], [-fno-omit-frame-pointer -fno-sanitize-recover=all], [COMPILE])
])
AC_SUBST([HAK_WARNINGS])
AC_SUBST([HAK_CFLAGS])
AC_SUBST([HAK_SHARED_LDFLAGS])
AC_SUBST([HAK_SANITIZE])
])
