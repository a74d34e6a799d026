/* SPDX-License-Identifier: MIT */
/* base/list.h - intrusive doubly linked circular list.
 *
 * A head that is all zero is an empty list, until the first node makes it a circle: what has lists needs no
 * initial value, and a process writes no page for those that it does not use. A node outside any list points
 * at itself, so that list_remove may be called twice. */
#ifndef HAK_LIST_H
#define HAK_LIST_H

#include "base/compiler.h"

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l || !l->next;
}

static inline void list_make_circle(struct list *head)
{
    if (!head->next)
        list_init(head);
}

static inline void list_push_front(struct list *head, struct list *node)
{
    list_make_circle(head);
    node->next = head->next;
    node->prev = head;
    head->next->prev = node;
    head->next = node;
}

static inline void list_push_back(struct list *head, struct list *node)
{
    list_make_circle(head);
    list_push_front(head->prev, node);
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Move all nodes of FROM behind those of TO. */
static inline void list_move_all(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    list_make_circle(to);
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

/* For each node L, first to last: the body leaves the list as it is. */
#define LIST_EACH(l, head) for (struct list *l = (head)->next; l && l != (head); l = l->next)

/* Of a list that is not empty. */
#define LIST_FIRST(head, type, member) CONTAINER_OF((head)->next, type, member)
#define LIST_LAST(head, type, member) CONTAINER_OF((head)->prev, type, member)

#endif
