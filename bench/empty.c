/* SPDX-License-Identifier: MIT */
/* empty.c - a library with nothing in it: what preloading any library costs a process at its start. */
extern const char bench_empty[];
const char bench_empty[] = "";
