/* Python binding of the network: bytes in, bytes out, so that the 3.10 limited API suffices. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "tcn.h"

typedef struct {
    PyObject_HEAD
    tcn *network;
} KernelObject;

static PyObject *kernel_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    KernelObject *self;
    const char *problem;
    char *description;
    Py_ssize_t size;
    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "Kernel takes no keyword arguments");
        return NULL;
    }
    if (PyTuple_Size(args) != 1) {
        PyErr_SetString(PyExc_TypeError, "Kernel takes one description");
        return NULL;
    }
    if (PyBytes_AsStringAndSize(PyTuple_GetItem(args, 0), &description, &size) < 0) return NULL;
    self = (KernelObject *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self == NULL) return NULL;
    self->network = tcn_create((const uint8_t *)description, (size_t)size, &problem);
    if (self->network == NULL) {
        PyErr_SetString(PyExc_ValueError, problem);
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void kernel_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    tcn_destroy(((KernelObject *)object)->network);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyObject *kernel_step(PyObject *object, PyObject *arg) {
    tcn *network = ((KernelObject *)object)->network;
    char *features;
    Py_ssize_t size;
    PyObject *results;
    if (PyBytes_AsStringAndSize(arg, &features, &size) < 0) return NULL;
    if ((size_t)size != tcn_inputs(network)) {
        PyErr_Format(PyExc_ValueError, "expected %zu features, got %zd", tcn_inputs(network), size);
        return NULL;
    }
    results = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)tcn_outputs(network));
    if (results != NULL) tcn_step(network, (const int8_t *)features, (int8_t *)PyBytes_AsString(results));
    return results;
}

static PyObject *kernel_reset(PyObject *object, PyObject *unused) {
    (void)unused;
    tcn_reset(((KernelObject *)object)->network);
    Py_RETURN_NONE;
}

static PyMethodDef kernel_methods[] = {
    {"step", kernel_step, METH_O, "int8 features of one hop as bytes -> int8 logits and heads as bytes"},
    {"reset", kernel_reset, METH_NOARGS, "return to the state before the first hop"},
    {NULL, NULL, 0, NULL}};

static PyType_Slot kernel_slots[] = {{Py_tp_new, kernel_new},
                                     {Py_tp_dealloc, kernel_dealloc},
                                     {Py_tp_methods, kernel_methods},
                                     {Py_tp_doc, "Streaming int8 network, made from a flat description."},
                                     {0, NULL}};

static PyType_Spec kernel_spec = {"mandible.device.engines._tcn.Kernel", sizeof(KernelObject), 0, Py_TPFLAGS_DEFAULT,
                                  kernel_slots};

static struct PyModuleDef tcn_module = {PyModuleDef_HEAD_INIT, "_tcn", NULL, -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__tcn(void) {
    PyObject *module = PyModule_Create(&tcn_module);
    PyObject *type = module ? PyType_FromSpec(&kernel_spec) : NULL;
    if (!type || PyModule_AddObject(module, "Kernel", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
