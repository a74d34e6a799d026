# SPDX-License-Identifier: MIT
# hak_platform.m4 - refuse what libhakmem does not run on, in words.

# HAK_PLATFORM
AC_DEFUN([HAK_PLATFORM], [
AC_MSG_CHECKING([for a platform libhakmem supports])
AS_CASE([$host_os],
    [linux*], [],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([libhakmem runs on Linux only, and this is $host])])
AC_COMPILE_IFELSE(
    [AC_LANG_PROGRAM([], [[
        _Static_assert(sizeof(void *) == 8 && sizeof(long) == 8 && sizeof(int) == 4, "LP64");]])],
    [AC_MSG_RESULT([yes ($host)])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([libhakmem needs a 64-bit (LP64) C11 compiler; see config.log])])
AC_MSG_CHECKING([for the C library's own allocator under its internal names])
AC_LINK_IFELSE(
    [AC_LANG_PROGRAM([[void *__libc_malloc(unsigned long);]], [[return __libc_malloc(1) == 0;]])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([libhakmem needs the GNU C library (no __libc_malloc found)])])
])
