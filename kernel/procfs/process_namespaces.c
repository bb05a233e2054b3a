/*
 * /proc/PID/ns: the namespaces that a task is in, as links that lead to their files. See fs/namespace.h.
 *
 * Source: namespaces(7), "The /proc/pid/ns/ directory".
 */
#include "proc/namespaces.h"

#include "lib/errno.h"
#include "procfs/process.h"

/* With a reference. NULL: *error says why. */
static struct namespace *find(const struct pseudo_node *node, int *error)
{
    *error = subject_may_look(node);
    struct namespaces *set = *error ? NULL : subject_namespaces(node);
    if (set == NULL) {
        *error = *error ? *error : -ESRCH;
        return NULL;
    }
    struct number_space *numbers = subject_own_numbers(node);
    struct namespace *namespace =
        numbers ? namespaces_find(set, numbers, (enum namespace_index)node->entry->argument) : NULL;
    if (numbers)
        namespace_put(&numbers->namespace);
    namespaces_put(set);
    *error = namespace ? 0 : -ESRCH;
    return namespace;
}

static int show_namespace(struct text *out, const struct pseudo_node *node)
{
    int error;
    struct namespace *namespace = find(node, &error);
    if (namespace == NULL)
        return error;
    text_printf(out, "%s:[%lu]", namespace->kind->name, namespace->number);
    namespace_put(namespace);
    return 0;
}

static int follow_namespace(const struct pseudo_node *node, struct path *path)
{
    int error;
    struct namespace *namespace = find(node, &error);
    if (namespace == NULL)
        return error;
    error = namespace_open(namespace, path);
    namespace_put(namespace);
    return error;
}

#define NAMESPACE(entry_name, index)                                                                                   \
    {.name = (entry_name),                                                                                             \
        .mode = S_IFLNK | 0777,                                                                                        \
        .target = show_namespace,                                                                                      \
        .follow = follow_namespace,                                                                                    \
        .argument = (index)}
const struct pseudo_entry process_ns_entries[] = {
    NAMESPACE("cgroup", NAMESPACE_CGROUP),
    NAMESPACE("ipc", NAMESPACE_IPC),
    NAMESPACE("mnt", NAMESPACE_MOUNTS),
    NAMESPACE("net", NAMESPACE_NET),
    NAMESPACE("pid", NAMESPACE_PID),
    NAMESPACE("pid_for_children", NAMESPACE_PID_OF_CHILDREN),
    NAMESPACE("time", NAMESPACE_TIME),
    NAMESPACE("time_for_children", NAMESPACE_TIME),
    NAMESPACE("user", NAMESPACE_USER),
    NAMESPACE("uts", NAMESPACE_UTS),
    {},
};
