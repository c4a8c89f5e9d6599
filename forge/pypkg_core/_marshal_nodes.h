/* The objects of a marshalled stream as a table of nodes, in which equal objects are one: see _marshal.c. */

#ifndef PYPKG_MARSHAL_NODES_H
#define PYPKG_MARSHAL_NODES_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define NONE_YET UINT32_MAX

typedef struct {
    const unsigned char *data; /* in the input: number, text; of a code object: its first five numbers */
    const unsigned char *line; /* of a code object: firstlineno */
    uint32_t size;             /* bytes of data */
    uint32_t first;            /* children, in marshal_state.children */
    uint32_t count;
    uint32_t uses;
    uint32_t reference;
    unsigned char type; /* interned strings: the type that is not interned */
    unsigned char interned;
} node;

typedef struct {
    uint32_t *items;
    uint32_t count;
    size_t capacity;
} numbers;

typedef struct {
    const unsigned char *at, *end;
    node *nodes;
    uint32_t node_count;
    size_t node_capacity;
    numbers children, stack, references;
    uint32_t *slots; /* hash table over the nodes that are merged; node number plus one */
    uint32_t slot_count, merged;
    unsigned char *out;
    size_t out_size, out_capacity;
    uint32_t next_reference;
    int depth;
} marshal_state;

/* Make room for `more` items behind `count`; return the array, perhaps moved, or NULL. */
static void *
grow(void *items, size_t count, size_t more, size_t *capacity, size_t size)
{
    if (*capacity - count >= more) {
        return items;
    }
    size_t wanted = (count + more) * 2 + 256;
    void *moved = PyMem_Realloc(items, wanted * size);
    if (moved == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    *capacity = wanted;
    return moved;
}

static int
push(numbers *list, uint32_t number)
{
    uint32_t *items = grow(list->items, list->count, 1, &list->capacity, sizeof(*items));
    if (items == NULL) {
        return -1;
    }
    list->items = items;
    list->items[list->count++] = number;
    return 0;
}

static uint32_t
hash_node(const marshal_state *state, const node *item)
{
    uint64_t hash = 14695981039346656037ULL ^ item->type;
    for (uint32_t i = 0; i < item->size; i++) {
        hash = (hash ^ item->data[i]) * 1099511628211ULL;
    }
    for (uint32_t i = 0; i < item->count; i++) {
        hash = (hash ^ state->children.items[item->first + i]) * 1099511628211ULL;
    }
    return (uint32_t)(hash ^ hash >> 32);
}

static int
same_node(const marshal_state *state, const node *a, const node *b)
{
    const uint32_t *children = state->children.items;
    return a->type == b->type && a->size == b->size && a->count == b->count
        && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0)
        && (a->count == 0 || memcmp(children + a->first, children + b->first, a->count * sizeof(*children)) == 0);
}

static int
grow_slots(marshal_state *state)
{
    uint32_t count = state->slot_count ? state->slot_count * 2 : 1024;
    uint32_t *slots = PyMem_Calloc(count, sizeof(*slots));
    if (slots == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (uint32_t i = 0; i < state->slot_count; i++) {
        if (state->slots[i]) {
            uint32_t slot = hash_node(state, &state->nodes[state->slots[i] - 1]) & (count - 1);
            while (slots[slot]) {
                slot = (slot + 1) & (count - 1);
            }
            slots[slot] = state->slots[i];
        }
    }
    PyMem_Free(state->slots);
    state->slots = slots;
    state->slot_count = count;
    return 0;
}

/* Add a node, or return an equal one that exists. */
static uint32_t
add_node(marshal_state *state, const node *item)
{
    uint32_t slot = 0;
    int merge = item->type != 'c';
    if (merge) {
        if (state->merged * 2 >= state->slot_count && grow_slots(state) < 0) {
            return NONE_YET;
        }
        slot = hash_node(state, item) & (state->slot_count - 1);
        for (; state->slots[slot]; slot = (slot + 1) & (state->slot_count - 1)) {
            node *present = &state->nodes[state->slots[slot] - 1];
            if (same_node(state, present, item)) {
                present->interned |= item->interned;
                return state->slots[slot] - 1;
            }
        }
    }
    node *nodes = grow(state->nodes, state->node_count, 1, &state->node_capacity, sizeof(*nodes));
    if (nodes == NULL) {
        return NONE_YET;
    }
    state->nodes = nodes;
    state->nodes[state->node_count] = *item;
    if (merge) {
        state->slots[slot] = state->node_count + 1;
        state->merged++;
    }
    return state->node_count++;
}

/* The order of a frozenset's members: by type, contents, then their members; the same in every process. */
static int
compare_nodes(const marshal_state *state, uint32_t left, uint32_t right)
{
    if (left == right) {
        return 0;
    }
    const node *a = &state->nodes[left], *b = &state->nodes[right];
    if (a->type != b->type) {
        return a->type < b->type ? -1 : 1;
    }
    if (a->size != b->size || a->count != b->count) {
        return a->size != b->size ? (a->size < b->size ? -1 : 1) : (a->count < b->count ? -1 : 1);
    }
    int order = a->size ? memcmp(a->data, b->data, a->size) : 0;
    for (uint32_t i = 0; order == 0 && i < a->count; i++) {
        order = compare_nodes(state, state->children.items[a->first + i], state->children.items[b->first + i]);
    }
    return order;
}

static void
merge_sort(const marshal_state *state, uint32_t *items, uint32_t *spare, uint32_t count)
{
    if (count < 2) {
        return;
    }
    uint32_t half = count / 2, left = 0, right = half;
    merge_sort(state, items, spare, half);
    merge_sort(state, items + half, spare, count - half);
    memcpy(spare, items, count * sizeof(*items));
    for (uint32_t i = 0; i < count; i++) {
        int first = right == count || (left < half && compare_nodes(state, spare[left], spare[right]) <= 0);
        items[i] = first ? spare[left++] : spare[right++];
    }
}

static int
sort_members(const marshal_state *state, uint32_t *items, uint32_t count)
{
    uint32_t *spare = PyMem_Malloc(count * sizeof(*spare));
    if (spare == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    merge_sort(state, items, spare, count);
    PyMem_Free(spare);
    return 0;
}

#endif
