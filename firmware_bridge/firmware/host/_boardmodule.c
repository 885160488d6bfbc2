/* The firmware core as a Python extension: mandible.firmware_bridge._board.
 * Limited API of 3.10, so bytes objects rather than buffers. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "../core/core.h"
#include "../core/wire.h"

/* The core's clock has 32 bits; a longer silence is told to it in pieces. */
#define LONGEST_STEP_US 0x40000000ULL

typedef struct {
    PyObject_HEAD
    mb_core core;
    unsigned long long now_us;
    uint8_t eeprom[MB_SLOTS * MB_STORE_BYTES];
    char *outbox;
    Py_ssize_t out_length;
    Py_ssize_t out_room;
} Board;

static void pass_time(Board *self, unsigned long long now_us)
{
    while (now_us > self->now_us) {
        const unsigned long long left_us = now_us - self->now_us;
        self->now_us += left_us < LONGEST_STEP_US ? left_us : LONGEST_STEP_US;
        mb_poll(&self->core, (uint32_t)self->now_us);
    }
}

/* A computer's memory is written at once, so a store is over as soon as it has begun. */
static void finish_store(Board *self)
{
    uint8_t slot;
    const uint8_t *image = mb_to_store(&self->core, &slot);
    if (image != NULL) {
        memcpy(self->eeprom + slot * MB_STORE_BYTES, image, MB_STORE_BYTES);
        mb_stored(&self->core, true);
    }
}

static int drain_core(Board *self)
{
    uint8_t byte;
    while (mb_transmit(&self->core, &byte)) {
        if (self->out_length == self->out_room) {
            const Py_ssize_t room = 2 * self->out_room + MB_OUTBOX_BYTES;
            char *larger = PyMem_Realloc(self->outbox, (size_t)room);
            if (larger == NULL) {
                PyErr_NoMemory();
                return -1;
            }
            self->outbox = larger;
            self->out_room = room;
        }
        self->outbox[self->out_length++] = (char)byte;
    }
    return 0;
}

static PyObject *board_receive(Board *self, PyObject *args)
{
    const char *data;
    Py_ssize_t length;
    unsigned long long now_us;
    if (!PyArg_ParseTuple(args, "y#K:receive", &data, &length, &now_us)) {
        return NULL;
    }
    pass_time(self, now_us);
    for (Py_ssize_t i = 0; i < length; i++) {
        mb_receive(&self->core, (uint8_t)data[i], (uint32_t)self->now_us);
        finish_store(self);
        if (drain_core(self) < 0) {
            return NULL;
        }
    }
    Py_RETURN_NONE;
}

static PyObject *board_poll(Board *self, PyObject *args)
{
    unsigned long long now_us;
    if (!PyArg_ParseTuple(args, "K:poll", &now_us)) {
        return NULL;
    }
    pass_time(self, now_us);
    Py_RETURN_NONE;
}

static PyObject *board_pulses(Board *self, PyObject *args)
{
    unsigned long long start_us;
    uint16_t pulse_us[MB_MAX_CHANNELS];
    uint8_t bytes[2 * MB_MAX_CHANNELS];
    if (!PyArg_ParseTuple(args, "K:pulses", &start_us)) {
        return NULL;
    }
    mb_pulses(&self->core, (uint32_t)start_us, pulse_us);
    for (uint8_t c = 0; c < MB_MAX_CHANNELS; c++) {
        mb_put_u16(bytes + 2 * c, pulse_us[c]);
    }
    return PyBytes_FromStringAndSize((const char *)bytes, sizeof bytes);
}

static PyObject *board_alarm(Board *self, PyObject *args)
{
    int stalled, hot;
    if (!PyArg_ParseTuple(args, "pp:alarm", &stalled, &hot)) {
        return NULL;
    }
    mb_alarm(&self->core, stalled != 0, hot != 0);
    Py_RETURN_NONE;
}

static PyObject *board_period_us(Board *self, void *unused)
{
    (void)unused;
    return PyLong_FromLong(mb_period_us(&self->core));
}

static PyObject *board_transmit(Board *self, PyObject *unused)
{
    (void)unused;
    PyObject *bytes = PyBytes_FromStringAndSize(self->outbox, self->out_length);
    if (bytes != NULL) {
        self->out_length = 0;
    }
    return bytes;
}

static PyObject *board_eeprom(Board *self, PyObject *unused)
{
    (void)unused;
    return PyBytes_FromStringAndSize((const char *)self->eeprom, sizeof self->eeprom);
}

static int check_range(const char *name, int value, int lowest, int highest)
{
    if (value < lowest || value > highest) {
        PyErr_Format(PyExc_ValueError, "%s is %d; a board has %d to %d", name, value, lowest, highest);
        return -1;
    }
    return 0;
}

static PyObject *board_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    static char *names[] = {"eeprom", "channels", "shortest_period_us", "board_id", NULL};
    const char *eeprom = "";
    Py_ssize_t length = 0;
    int channels = MB_MAX_CHANNELS, shortest_us = MB_PERIOD_MIN_US, id = MB_BOARD_VIRTUAL;
    if (!PyArg_ParseTupleAndKeywords(args, keywords, "|y#iii:Board", names, &eeprom, &length, &channels, &shortest_us,
                                     &id)) {
        return NULL;
    }
    if (check_range("channels", channels, 1, MB_MAX_CHANNELS) < 0 ||
        check_range("shortest_period_us", shortest_us, MB_PERIOD_MIN_US, MB_PERIOD_MAX_US) < 0 ||
        check_range("board_id", id, 1, UINT8_MAX) < 0) {
        return NULL;
    }
    Board *self = (Board *)PyType_GenericAlloc(type, 0); /* zeroed */
    if (self == NULL) {
        return NULL;
    }
    const Py_ssize_t room = (Py_ssize_t)sizeof self->eeprom;
    memset(self->eeprom, 0xFF, sizeof self->eeprom); /* erased, past what was given */
    memcpy(self->eeprom, eeprom, (size_t)(length < room ? length : room));
    const mb_board board = {(uint8_t)id, (uint8_t)channels, (uint16_t)shortest_us};
    mb_start(&self->core, &board, 0);
    for (uint8_t slot = 0; slot < MB_SLOTS; slot++) {
        (void)mb_load(&self->core, slot, self->eeprom + slot * MB_STORE_BYTES);
    }
    return (PyObject *)self;
}

static void board_dealloc(Board *self)
{
    PyTypeObject *type = Py_TYPE(self);
    const freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    PyMem_Free(self->outbox);
    release(self);
    Py_DECREF(type);
}

static PyMethodDef board_methods[] = {
    {"receive", (PyCFunction)(void (*)(void))board_receive, METH_VARARGS,
     "receive(data, now_us): take bytes from the host."},
    {"poll", (PyCFunction)(void (*)(void))board_poll, METH_VARARGS, "poll(now_us): let time pass."},
    {"pulses", (PyCFunction)(void (*)(void))board_pulses, METH_VARARGS,
     "pulses(start_us): pulse widths of the period that starts then, uint16[12], 0 = no pulse."},
    {"alarm", (PyCFunction)(void (*)(void))board_alarm, METH_VARARGS,
     "alarm(stalled, hot): levels of the inputs for a servo that is held fast, or too hot."},
    {"transmit", (PyCFunction)(void (*)(void))board_transmit, METH_NOARGS,
     "transmit(): drain what the board wants to send."},
    {"eeprom", (PyCFunction)(void (*)(void))board_eeprom, METH_NOARGS, "eeprom(): the permanent memory's bytes."},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef board_values[] = {
    {"period_us", (getter)board_period_us, NULL, "length of the next period", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot board_slots[] = {
    {Py_tp_doc, "Board(eeprom=b'', channels=12, shortest_period_us=3000, board_id=1): the firmware core with its memory, detached, its clock at 0."},
    {Py_tp_new, board_new},
    {Py_tp_dealloc, board_dealloc},
    {Py_tp_methods, board_methods},
    {Py_tp_getset, board_values},
    {0, NULL},
};

static PyType_Spec board_spec = {
    .name = "mandible.firmware_bridge._board.Board",
    .basicsize = sizeof(Board),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = board_slots,
};

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &board_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    const int failed = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    if (failed < 0 || PyModule_AddIntConstant(module, "EEPROM_BYTES", MB_SLOTS * MB_STORE_BYTES) < 0) {
        return -1;
    }
    return PyModule_AddIntConstant(module, "PERIOD_US", MB_PERIOD_MAX_US);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "mandible.firmware_bridge._board",
    .m_doc = "The firmware core, run on this computer.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__board(void)
{
    return PyModuleDef_Init(&module_definition);
}
