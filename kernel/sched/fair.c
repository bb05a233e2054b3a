/*
 * Fair shares of one CPU: see fair.h.
 */
#include "sched/fair.h"

/* 1024 * 1.25^-nice, rounded. */
static const uint32_t weights[NICE_MAX - NICE_MIN + 1] = {
    88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626, 14901, 11921, /* -20 */
    9537, 7629, 6104, 4883, 3906, 3125, 2500, 2000, 1600, 1280,           /* -10 */
    1024, 819, 655, 524, 419, 336, 268, 215, 172, 137,                    /* 0 */
    110, 88, 70, 56, 45, 36, 29, 23, 18, 15,                              /* 10 */
};

uint32_t fair_weight(int nice)
{
    nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
    return weights[nice - NICE_MIN];
}

void fair_set_nice(struct fair_queue *queue, struct fair_entity *entity, int nice)
{
    uint32_t weight = fair_weight(nice);
    if (queue)
        queue->weight += (uint64_t)weight - entity->weight;
    entity->weight = weight;
    entity->inverse = (1ull << 42) / weight;
}

/* Equals stay in the order in which they came. */
void fair_wait(struct fair_queue *queue, struct fair_entity *entity)
{
    struct rb_node *parent = NULL;
    bool left = false;
    for (struct rb_node *place = queue->tree.root; place; place = left ? place->left : place->right) {
        parent = place;
        left = fair_before(entity->virtual_time, container_of(place, struct fair_entity, node)->virtual_time);
    }
    rb_insert(&queue->tree, &entity->node, parent, left);
}

void fair_join(struct fair_queue *queue, struct fair_entity *entity)
{
    queue->count++;
    queue->weight += entity->weight;
    fair_wait(queue, entity);
}

void fair_leave(struct fair_queue *queue, struct fair_entity *entity)
{
    rb_remove(&queue->tree, &entity->node);
    fair_leave_running(queue, entity);
}

void fair_place_woken(const struct fair_queue *queue, struct fair_entity *entity)
{
    uint64_t earliest = queue->minimum - FAIR_PERIOD / 2;
    if (fair_before(entity->virtual_time, earliest))
        entity->virtual_time = earliest;
}

uint64_t fair_slice(const struct fair_queue *queue, const struct fair_entity *running)
{
    if (queue->weight <= running->weight)
        return FAIR_PERIOD;
    return max_u64(FAIR_PERIOD * running->weight / queue->weight, FAIR_SLICE_MIN);
}

bool fair_preempts(const struct fair_entity *woken, const struct fair_entity *running)
{
    return fair_before(woken->virtual_time + fair_virtual(woken, FAIR_WAKE_MARGIN), running->virtual_time);
}
