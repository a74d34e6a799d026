/* SPDX-License-Identifier: MIT */
/* target/processes.h - which processes of the machine may have the library. */
#ifndef HAK_TOOL_PROCESSES_H
#define HAK_TOOL_PROCESSES_H

#include <stddef.h>

/* Call EACH for every process whose list of mappings names the library. Those whose list may not be read are
 * counted in *UNKNOWN. */
void processes_each(size_t *unknown, void (*each)(int pid, void *arg), void *arg);

/* The unit of systemd that process PID belongs to, by its control group: "" where there is none, or it is not
 * known. Printable, cut to SIZE - 1 bytes. */
void process_unit(int pid, char *out, size_t size);

#endif
