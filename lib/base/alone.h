/* SPDX-License-Identifier: MIT */
/* base/alone.h - how the helper enters the heap of a process of one thread, which pays nothing for that.
 *
 * Such a process takes locks, enters the gate and swaps words by plain loads and stores (single_threaded), as
 * the C library says that there is nobody else. The helper of such a process (adapt/helper.c) is a thread
 * that the C library does not know, so it goes on saying that. Before the helper touches anything of the
 * heap, it says otherwise:
 *
 *   helper                                     the program's thread
 *   H1  alone_mark = a byte that is 0          P1  lock_busy++
 *   H2  membarrier(PRIVATE_EXPEDITED)          P2  *alone_mark ? plain : atomic
 *   H3  lock_busy of the other: 0?             P3  ... lock_busy--
 *
 * Every plain access to what threads share lies between P1 and P3. The membarrier is a full barrier of the
 * program's thread at some point of its course. If P1 comes before that point, and P3 does not, H3 reads a
 * lock_busy that is not 0, and the helper goes away (alone_mark as it was) to try again later: it never
 * waits, and never keeps anybody waiting. If P1 comes behind that point, P2 reads what H1 stored, and from
 * there on the two are threads like any others. P1 and P2 need to be in that order for the compiler alone.
 *
 * When the helper leaves, it holds no lock and is outside the gate. A second membarrier, then alone_mark is
 * as it was: the thread that finds it so has had a full barrier since the helper's last access, and so sees
 * all of it. What it began by atomics it may end plainly: a lock it holds nobody waits for; the gate goes by
 * what was noted when it was entered.
 *
 * If the program starts a thread meanwhile, the C library's byte becomes 0 first: whichever of the two
 * alone_mark points at, all is atomic. It never becomes 1 again.
 *
 * fork of such a process closes no gate. It bars the helper for as long (alone_bar): the helper asks at H3.
 * Child of vfork: it runs in its parent's place, with its parent's lock_busy; the membarrier reaches it, as
 * it goes by memory. */
#ifndef HAK_ALONE_H
#define HAK_ALONE_H

#include "base/lock.h"

/* At start, while there is one thread. Before, and where the C library does not tell, all is atomic. */
void alone_begin(void);

/* The calling thread is the program's only one: the helper, which is about to be started, will ask whether
 * it is outside. */
void alone_expect(void);

/* The helper: true if it may enter the gate now, as any thread may; alone_leave afterwards. */
bool alone_enter(void);
void alone_leave(void);

/* fork: the helper stays out. False if it is inside, or another thread may be: then it is not barred, and the
 * gate is to be closed. */
bool alone_bar(void);
void alone_unbar(void);
/* The child. */
void alone_forked(void);

#endif
