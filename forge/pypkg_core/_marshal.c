/* Normalising marshalled code: the bytes become a function of the code's value.

   What marshal.dumps() writes depends on the process: FLAG_REF is set where a reference count happened to be above
   one, and equal constants are written once or twice as they happen to be one object or two. Here

   - equal strings, bytes, numbers, tuples, frozensets and slices become one object; code objects stay apart;
   - FLAG_REF is kept only on what a TYPE_REF refers to, and references are numbered anew;
   - frozensets are sorted by contents (marshal.dumps sorts them by bytes that have flags in them);
   - a string is interned if one of its equals was, or if it has at most one character below U+0100: such strings are
     shared by the whole process, and whoever interned one interned it for all.

   The format is that of CPython 3.11 to 3.14, Python/marshal.c, versions 4 and 5, as far as code objects use it. */

#include "_marshal_nodes.h"

#define FLAG_REF 0x80
#define MAX_DEPTH 1000
#define CODE_NUMBERS 20 /* argcount, posonlyargcount, kwonlyargcount, stacksize, flags */
#define CODE_HEAD 8     /* code, consts, names, localsplusnames, localspluskinds, filename, name, qualname */
#define CODE_OBJECTS 10 /* and, after firstlineno, linetable and exceptiontable */

static uint32_t parse(marshal_state *state);

static uint32_t
bad(const char *what)
{
    PyErr_Format(PyExc_ValueError, "bad marshal data (%s)", what);
    return NONE_YET;
}

static const unsigned char *
take(marshal_state *state, size_t size)
{
    if ((size_t)(state->end - state->at) < size) {
        bad("too short");
        return NULL;
    }
    const unsigned char *data = state->at;
    state->at += size;
    return data;
}

static int
take_number(marshal_state *state, uint32_t *number)
{
    const unsigned char *data = take(state, 4);
    if (data == NULL) {
        return -1;
    }
    *number = (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
    return 0;
}

/* Objects that are the same value each time they are loaded: writing them again costs no more than a reference. */
static int
is_single(unsigned char type)
{
    return type == 'N' || type == 'F' || type == 'T' || type == '.' || type == 'S' || type == 'i';
}

static int
is_text(unsigned char type)
{
    return type == 'z' || type == 'a' || type == 'u';
}

/* Parse `count` objects, whose numbers are left on the stack. */
static int
parse_children(marshal_state *state, uint32_t count)
{
    if (count > (size_t)(state->end - state->at)) {
        bad("more members than bytes");
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t child = parse(state);
        if (child == NONE_YET || push(&state->stack, child) < 0) {
            return -1;
        }
    }
    return 0;
}

static int
parse_container(marshal_state *state, node *item)
{
    uint32_t bottom = state->stack.count, count = 3; /* a slice */
    if (item->type == 'c') {
        count = CODE_OBJECTS;
        if ((item->data = take(state, CODE_NUMBERS)) == NULL || parse_children(state, CODE_HEAD) < 0
            || (item->line = take(state, 4)) == NULL || parse_children(state, CODE_OBJECTS - CODE_HEAD) < 0) {
            return -1;
        }
        item->size = CODE_NUMBERS;
    }
    else {
        if (item->type == ')') {
            const unsigned char *size = take(state, 1);
            if (size == NULL) {
                return -1;
            }
            count = *size;
            item->type = '('; /* its size decides which of the two is written */
        }
        else if (item->type != ':' && take_number(state, &count) < 0) {
            return -1;
        }
        if (parse_children(state, count) < 0) {
            return -1;
        }
    }
    if (item->type == '>' && sort_members(state, state->stack.items + bottom, count) < 0) {
        return -1;
    }
    item->first = state->children.count;
    item->count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (push(&state->children, state->stack.items[bottom + i]) < 0) {
            return -1;
        }
    }
    state->stack.count = bottom;
    return 0;
}

static int
parse_leaf(marshal_state *state, node *item)
{
    const unsigned char *head;
    switch (item->type) {
    case 'N':
    case 'F':
    case 'T':
    case '.':
    case 'S':
        return 0;
    case 'i':
        item->size = 4;
        break;
    case 'I':
    case 'g':
        item->size = 8;
        break;
    case 'y':
        item->size = 16;
        break;
    case 'l': {
        head = state->at;
        if (take_number(state, &item->size) < 0) {
            return -1;
        }
        /* the number of 15-bit digits, negative for negative numbers; part of the data */
        uint32_t digits = item->size & 0x80000000U ? 0U - item->size : item->size;
        if (take(state, (size_t)digits * 2) == NULL) {
            return -1;
        }
        item->data = head;
        item->size = 4 + digits * 2;
        return 0;
    }
    case 'Z':
    case 'A':
    case 't':
        item->interned = 1;
        item->type = item->type == 'Z' ? 'z' : item->type == 'A' ? 'a' : 'u';
        /* fall through */
    case 'z':
    case 'a':
    case 'u':
    case 's':
        if (item->type == 'z') {
            if ((head = take(state, 1)) == NULL) {
                return -1;
            }
            item->size = *head;
        }
        else if (take_number(state, &item->size) < 0) {
            return -1;
        }
        break;
    default:
        PyErr_Format(PyExc_ValueError, "bad marshal data (type %d is no part of code)", item->type);
        return -1;
    }
    item->data = take(state, item->size);
    if (item->data == NULL) {
        return -1;
    }
    /* U+0080 to U+00FF are two bytes of UTF-8 that begin with 0xC2 or 0xC3 */
    if (is_text(item->type)
        && (item->size == 0 || (item->size == 1 && item->data[0] < 0x80)
            || (item->size == 2 && (item->data[0] & 0xFE) == 0xC2))) {
        item->interned = 1;
    }
    return 0;
}

/* Parse one object and return the number of its node; on failure NONE_YET, with an exception set. */
static uint32_t
parse(marshal_state *state)
{
    const unsigned char *head = take(state, 1);
    if (head == NULL) {
        return NONE_YET;
    }
    node item = {.type = (unsigned char)(*head & ~FLAG_REF), .reference = NONE_YET};
    if (item.type == 'r') {
        uint32_t reference;
        if (take_number(state, &reference) < 0) {
            return NONE_YET;
        }
        if (reference >= state->references.count || state->references.items[reference] == NONE_YET) {
            return bad("invalid reference");
        }
        return state->references.items[reference];
    }
    uint32_t reserved = state->references.count;
    if ((*head & FLAG_REF) && push(&state->references, NONE_YET) < 0) {
        return NONE_YET;
    }
    if (++state->depth > MAX_DEPTH) {
        return bad("too deep");
    }
    int container = item.type == '(' || item.type == ')' || item.type == '>' || item.type == 'c' || item.type == ':';
    if ((container ? parse_container(state, &item) : parse_leaf(state, &item)) < 0) {
        return NONE_YET;
    }
    state->depth--;
    uint32_t number = add_node(state, &item);
    if (number != NONE_YET && (*head & FLAG_REF)) {
        state->references.items[reserved] = number;
    }
    return number;
}

static void
count_uses(marshal_state *state, uint32_t number)
{
    node *item = &state->nodes[number];
    if (item->uses++ == 0) {
        for (uint32_t i = 0; i < item->count; i++) {
            count_uses(state, state->children.items[item->first + i]);
        }
    }
}

static int
put(marshal_state *state, const void *data, size_t size)
{
    unsigned char *out = grow(state->out, state->out_size, size, &state->out_capacity, 1);
    if (out == NULL) {
        return -1;
    }
    state->out = out;
    if (size) {
        memcpy(state->out + state->out_size, data, size);
    }
    state->out_size += size;
    return 0;
}

/* A type and a number of one or four bytes, little-endian. */
static int
put_number(marshal_state *state, unsigned char type, uint32_t number, int bytes)
{
    unsigned char data[5] = {type, (unsigned char)number, (unsigned char)(number >> 8), (unsigned char)(number >> 16),
                             (unsigned char)(number >> 24)};
    return put(state, data, 1 + (size_t)bytes);
}

static int
put_head(marshal_state *state, const node *item, unsigned char flag)
{
    static const char interned[] = "zZaAut";
    unsigned char type = item->type;
    if (item->interned) {
        type = (unsigned char)strchr(interned, type)[1];
    }
    if (type == '(' && item->count < 256) {
        return put_number(state, ')' | flag, item->count, 1);
    }
    if (type == '(' || type == '>') {
        return put_number(state, type | flag, item->count, 4);
    }
    if (type == 's' || is_text(item->type)) {
        return put_number(state, type | flag, item->size, item->type == 'z' ? 1 : 4);
    }
    return put_number(state, type | flag, 0, 0);
}

/* Write one object. The depth of the nodes is that of the input, so it needs no limit of its own. */
static int
emit(marshal_state *state, uint32_t number)
{
    node *item = &state->nodes[number];
    if (item->reference != NONE_YET) {
        return put_number(state, 'r', item->reference, 4);
    }
    unsigned char flag = 0;
    if (item->uses > 1 && !is_single(item->type)) {
        flag = FLAG_REF;
        item->reference = state->next_reference++;
    }
    if (put_head(state, item, flag) < 0 || put(state, item->data, item->size) < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < item->count; i++) {
        if (item->type == 'c' && i == CODE_HEAD && put(state, item->line, 4) < 0) {
            return -1;
        }
        if (emit(state, state->children.items[item->first + i]) < 0) {
            return -1;
        }
    }
    return 0;
}

/* normalize_marshal(data, /) -> bytes. Raises ValueError if data is not one whole object of the types that code
   objects consist of. */
PyObject *
pypkg_normalize_marshal(PyObject *Py_UNUSED(module), PyObject *arg)
{
    Py_buffer view;
    if (PyObject_GetBuffer(arg, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    PyObject *result = NULL;
    marshal_state state = {.at = view.buf, .end = (const unsigned char *)view.buf + view.len};
    if ((uint64_t)view.len >= UINT32_MAX) {
        bad("too long");
        goto done;
    }
    uint32_t root = parse(&state);
    if (root == NONE_YET) {
        goto done;
    }
    if (state.at != state.end) {
        bad("data after the object");
        goto done;
    }
    count_uses(&state, root);
    if (emit(&state, root) == 0) {
        result = PyBytes_FromStringAndSize((const char *)state.out, (Py_ssize_t)state.out_size);
    }
done:
    PyMem_Free(state.nodes);
    PyMem_Free(state.children.items);
    PyMem_Free(state.stack.items);
    PyMem_Free(state.references.items);
    PyMem_Free(state.slots);
    PyMem_Free(state.out);
    PyBuffer_Release(&view);
    return result;
}
