/* SPDX-License-Identifier: MIT */
/* base/list.h - intrusive doubly linked circular list.
 * A node outside any list points at itself, so that list_remove may be called twice. */
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
    return l->next == l;
}

static inline void list_push_front(struct list *head, struct list *node)
{
    node->next = head->next;
    node->prev = head;
    head->next->prev = node;
    head->next = node;
}

static inline void list_push_back(struct list *head, struct list *node)
{
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
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define LIST_FIRST(head, type, member) CONTAINER_OF((head)->next, type, member)
#define LIST_LAST(head, type, member) CONTAINER_OF((head)->prev, type, member)

#endif
