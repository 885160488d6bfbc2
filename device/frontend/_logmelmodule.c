/* Python binding of the front end: bytes in, bytes out, so that the 3.10 limited API suffices. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "logmel.h"

typedef struct {
    PyObject_HEAD
    logmel_state state;
} LogMelObject;

static const Py_ssize_t HOP_BYTES = LOGMEL_HOP_SAMPLES * (Py_ssize_t)sizeof(int16_t);

static PyObject *logmel_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    LogMelObject *self;
    if (PyTuple_Size(args) > 0 || (kwargs && PyDict_Size(kwargs) > 0)) {
        PyErr_SetString(PyExc_TypeError, "LogMel takes no arguments");
        return NULL;
    }
    self = (LogMelObject *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self) logmel_reset(&self->state);
    return (PyObject *)self;
}

static void logmel_dealloc(PyObject *self) {
    PyTypeObject *type = Py_TYPE(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* Any whole number of hops; returns 40 bytes for each. */
static PyObject *logmel_push_bytes(PyObject *object, PyObject *arg) {
    LogMelObject *self = (LogMelObject *)object;
    char *pcm, *mel;
    Py_ssize_t size;
    PyObject *result;
    if (PyBytes_AsStringAndSize(arg, &pcm, &size) < 0) return NULL;
    if (size % HOP_BYTES != 0) {
        PyErr_Format(PyExc_ValueError, "expected whole hops of %zd bytes, got %zd bytes", HOP_BYTES, size);
        return NULL;
    }
    result = PyBytes_FromStringAndSize(NULL, size / HOP_BYTES * LOGMEL_BANDS);
    if (!result) return NULL;
    mel = PyBytes_AsString(result);
    for (; size > 0; size -= HOP_BYTES, pcm += HOP_BYTES, mel += LOGMEL_BANDS) {
        int16_t samples[LOGMEL_HOP_SAMPLES]; /* a bytes object promises no alignment */
        memcpy(samples, pcm, (size_t)HOP_BYTES);
        logmel_push(&self->state, samples, (int8_t *)mel);
    }
    return result;
}

static PyObject *logmel_reset_state(PyObject *object, PyObject *unused) {
    (void)unused;
    logmel_reset(&((LogMelObject *)object)->state);
    Py_RETURN_NONE;
}

static PyMethodDef logmel_methods[] = {
    {"push", logmel_push_bytes, METH_O, "int16 little-endian hops as bytes -> int8 features as bytes"},
    {"reset", logmel_reset_state, METH_NOARGS, "forget all samples"},
    {NULL, NULL, 0, NULL}};

static PyType_Slot logmel_slots[] = {{Py_tp_new, logmel_new},
                                     {Py_tp_dealloc, logmel_dealloc},
                                     {Py_tp_methods, logmel_methods},
                                     {Py_tp_doc, "Fixed-point log-mel front end."},
                                     {0, NULL}};

static PyType_Spec logmel_spec = {"mandible.device.frontend._logmel.LogMel", sizeof(LogMelObject), 0,
                                  Py_TPFLAGS_DEFAULT, logmel_slots};

static struct PyModuleDef logmel_module = {PyModuleDef_HEAD_INIT, "_logmel", NULL, -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__logmel(void) {
    PyObject *module = PyModule_Create(&logmel_module);
    PyObject *type = module ? PyType_FromSpec(&logmel_spec) : NULL;
    if (!type || PyModule_AddObject(module, "LogMel", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
