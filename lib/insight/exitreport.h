/* SPDX-License-Identifier: MIT */
/* insight/exitreport.h - lines that were asked for at the end of the process. */
#ifndef HAK_EXITREPORT_H
#define HAK_EXITREPORT_H

/* Write what HAKMEM_SHARED_POOL_STAGE_STATS, HAKMEM_SHARED_POOL_LOCK_STATS and HAKMEM_SIZE_HIST ask for, and
 * what the traces still have, to where the traces go. */
void exit_reports(void);

#endif
