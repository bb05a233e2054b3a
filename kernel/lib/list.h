/*
 * Doubly linked lists, circular, with a head that is a node of its own. The node is embedded in the element:
 *
 *     struct timer { struct list_node queued; ... };
 *     struct list timers = LIST_INIT(timers);
 *     list_push_back(&timers, &t->queued);
 *     list_for_each (struct timer, t, &timers, queued)
 *         ...
 *
 * A node is either on one list or, after list_node_init or list_remove, on none (it points to itself), which
 * list_is_linked tells. Lists lock nothing.
 */
#ifndef CORRODE_LIB_LIST_H
#define CORRODE_LIB_LIST_H

#include "lib/types.h"

struct list_node {
    struct list_node *next, *previous;
};

struct list {
    struct list_node head;
};

#define LIST_INIT(list)                                                                                                \
    {                                                                                                                  \
        {                                                                                                              \
            &(list).head, &(list).head                                                                                 \
        }                                                                                                              \
    }

static inline void list_init(struct list *list)
{
    list->head.next = list->head.previous = &list->head;
}

static inline void list_node_init(struct list_node *node)
{
    node->next = node->previous = node;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->head.next == &list->head;
}

static inline bool list_is_linked(const struct list_node *node)
{
    return node->next != node;
}

/* Puts NODE between two neighbours. */
static inline void list_insert_after(struct list_node *place, struct list_node *node)
{
    node->previous = place;
    node->next = place->next;
    place->next->previous = node;
    place->next = node;
}

static inline void list_insert_before(struct list_node *place, struct list_node *node)
{
    list_insert_after(place->previous, node);
}

static inline void list_push_front(struct list *list, struct list_node *node)
{
    list_insert_after(&list->head, node);
}

static inline void list_push_back(struct list *list, struct list_node *node)
{
    list_insert_after(list->head.previous, node);
}

/* Takes NODE off its list, if it is on one. */
static inline void list_remove(struct list_node *node)
{
    node->next->previous = node->previous;
    node->previous->next = node->next;
    list_node_init(node);
}

/* The first node, or NULL. */
static inline struct list_node *list_first(const struct list *list)
{
    return list_is_empty(list) ? NULL : list->head.next;
}

static inline struct list_node *list_pop_front(struct list *list)
{
    struct list_node *node = list_first(list);
    if (node)
        list_remove(node);
    return node;
}

/* Moves all of FROM to the end of TO; FROM is empty then. */
static inline void list_splice_back(struct list *to, struct list *from)
{
    if (list_is_empty(from))
        return;
    struct list_node *first = from->head.next, *last = from->head.previous;
    first->previous = to->head.previous;
    to->head.previous->next = first;
    last->next = &to->head;
    to->head.previous = last;
    list_init(from);
}

/* Every element in turn; the body must not remove it, unless by the _safe form, which may remove the current one. */
#define list_for_each(type, element, list, member)                                                                     \
    for (type *element = container_of((list)->head.next, type, member); &element->member != &(list)->head;             \
        element = container_of(element->member.next, type, member))

#define list_for_each_safe(type, element, list, member)                                                                \
    for (type *element = container_of((list)->head.next, type, member),                                                \
              *element##_next = container_of(element->member.next, type, member);                                      \
        &element->member != &(list)->head;                                                                             \
        element = element##_next, element##_next = container_of(element->member.next, type, member))

#endif
