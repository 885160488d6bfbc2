/* Samples to decoded weights in one call: front end, network and decoder, each as it stands in its own file.
 *
 * Bytes in, bytes out, so that the 3.10 limited API suffices. A result holds mel[40], the network's outputs,
 * weights[15], viseme, openness, then little-endian quiet_hops (16 bits) and how long each stage took in ns
 * (3 times 32 bits).
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>
#include <time.h>

#include "../decoder_c/mandible_decoder.h"
#include "../engines/tcn.h"
#include "../frontend/logmel.h"
#include "read_tables.h"

#define VISEMES 15
#define TAIL_BYTES (2 + 2 + 3 * 4)

typedef struct {
    PyObject_HEAD
    tcn *network;
    logmel_state front_end;
    mandible_decoder decoder;
    decoder_tables tables;
} KernelObject;

static void reset_decoder(KernelObject *self) {
    decoder_tables_now = &self->tables;
    mandible_decoder_reset(&self->decoder);
}

/* Returns 0, or -1 with an exception set; on failure the old tables stay. */
static int take_tables(KernelObject *self, PyObject *bytes) {
    char *raw;
    Py_ssize_t size;
    decoder_tables tables;
    const char *problem = "the decoder's tables are no whole words";
    if (PyBytes_AsStringAndSize(bytes, &raw, &size) < 0) return -1;
    if ((size_t)size % sizeof(int32_t) == 0 && (size_t)size <= 4 * sizeof(tables)) {
        int32_t words[sizeof(decoder_tables)];
        memcpy(words, raw, (size_t)size);
        problem = read_tables(words, (size_t)size / sizeof(int32_t), &tables);
    }
    if (problem != NULL) {
        PyErr_SetString(PyExc_ValueError, problem);
        return -1;
    }
    self->tables = tables;
    reset_decoder(self);
    return 0;
}

static PyObject *kernel_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    KernelObject *self;
    const char *problem;
    char *description;
    Py_ssize_t size;
    if ((kwargs != NULL && PyDict_Size(kwargs) > 0) || PyTuple_Size(args) != 2) {
        PyErr_SetString(PyExc_TypeError, "Kernel takes a network's description and the decoder's tables");
        return NULL;
    }
    if (PyBytes_AsStringAndSize(PyTuple_GetItem(args, 0), &description, &size) < 0) return NULL;
    self = (KernelObject *)((allocfunc)PyType_GetSlot(type, Py_tp_alloc))(type, 0);
    if (self == NULL) return NULL;
    self->network = tcn_create((const uint8_t *)description, (size_t)size, &problem);
    if (self->network == NULL) {
        PyErr_SetString(PyExc_ValueError, problem);
    } else if (tcn_inputs(self->network) != LOGMEL_BANDS || tcn_outputs(self->network) < VISEMES) {
        PyErr_SetString(PyExc_ValueError, "the network does not take 40 features and give 15 logits");
    } else if (take_tables(self, PyTuple_GetItem(args, 1)) == 0) {
        logmel_reset(&self->front_end);
        return (PyObject *)self;
    }
    Py_DECREF(self);
    return NULL;
}

static void kernel_dealloc(PyObject *object) {
    PyTypeObject *type = Py_TYPE(object);
    if (((KernelObject *)object)->network != NULL) tcn_destroy(((KernelObject *)object)->network);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static uint32_t since_ns(struct timespec *mark) {
    struct timespec now;
    int64_t passed_ns;
    clock_gettime(CLOCK_MONOTONIC, &now);
    passed_ns = (int64_t)(now.tv_sec - mark->tv_sec) * 1000000000 + (now.tv_nsec - mark->tv_nsec);
    *mark = now;
    return passed_ns > UINT32_MAX ? UINT32_MAX : (uint32_t)passed_ns;
}

static void put(uint8_t *to, uint32_t value, int bytes) {
    for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(value >> 8 * i);
}

static void push(KernelObject *self, const int16_t pcm[LOGMEL_HOP_SAMPLES], int8_t *mel) {
    int8_t *logits = mel + LOGMEL_BANDS;
    uint8_t *weights = (uint8_t *)logits + tcn_outputs(self->network), *tail = weights + VISEMES;
    struct timespec mark;
    clock_gettime(CLOCK_MONOTONIC, &mark);
    logmel_push(&self->front_end, pcm, mel);
    put(tail + 4, since_ns(&mark), 4);
    tcn_step(self->network, mel, logits);
    put(tail + 8, since_ns(&mark), 4);
    decoder_tables_now = &self->tables;
    tail[0] = mandible_decoder_step(&self->decoder, logits, mel, weights);
    tail[1] = mandible_openness(weights);
    put(tail + 2, self->decoder.quiet_hops, 2);
    put(tail + 12, since_ns(&mark), 4);
}

static PyObject *kernel_push(PyObject *object, PyObject *arg) {
    KernelObject *self = (KernelObject *)object;
    int16_t pcm[LOGMEL_HOP_SAMPLES];
    char *raw;
    Py_ssize_t size;
    PyObject *result;
    if (PyBytes_AsStringAndSize(arg, &raw, &size) < 0) return NULL;
    if ((size_t)size != sizeof pcm)
        return PyErr_Format(PyExc_ValueError, "a hop is %zu bytes of samples, got %zd", sizeof pcm, size);
    memcpy(pcm, raw, sizeof pcm);
    size = (Py_ssize_t)(LOGMEL_BANDS + tcn_outputs(self->network) + VISEMES + TAIL_BYTES);
    result = PyBytes_FromStringAndSize(NULL, size);
    if (result != NULL) push(self, pcm, (int8_t *)PyBytes_AsString(result));
    return result;
}

static PyObject *kernel_retune(PyObject *object, PyObject *arg) {
    if (take_tables((KernelObject *)object, arg) < 0) return NULL;
    Py_RETURN_NONE;
}

static PyObject *kernel_reset(PyObject *object, PyObject *unused) {
    KernelObject *self = (KernelObject *)object;
    (void)unused;
    logmel_reset(&self->front_end);
    tcn_reset(self->network);
    reset_decoder(self);
    Py_RETURN_NONE;
}

static PyMethodDef kernel_methods[] = {
    {"push", kernel_push, METH_O, "160 int16 samples as bytes -> features, outputs, weights and the rest as bytes"},
    {"retune", kernel_retune, METH_O, "give the decoder other tables and a fresh start; the rest remembers"},
    {"reset", kernel_reset, METH_NOARGS, "return to the state before the first hop"},
    {NULL, NULL, 0, NULL}};

static PyType_Slot kernel_slots[] = {{Py_tp_new, kernel_new},
                                     {Py_tp_dealloc, kernel_dealloc},
                                     {Py_tp_methods, kernel_methods},
                                     {Py_tp_doc, "Front end, network and decoder, from flat descriptions."},
                                     {0, NULL}};

static PyType_Spec kernel_spec = {"mandible.device.fused._fused.Kernel", sizeof(KernelObject), 0, Py_TPFLAGS_DEFAULT,
                                  kernel_slots};

static struct PyModuleDef fused_module = {PyModuleDef_HEAD_INIT, "_fused", NULL, -1, NULL, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__fused(void) {
    PyObject *module = PyModule_Create(&fused_module);
    PyObject *type = module ? PyType_FromSpec(&kernel_spec) : NULL;
    if (!type || PyModule_AddObject(module, "Kernel", type) < 0) {
        Py_XDECREF(type);
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
