/* Files and the end of the program, through the debugger's door that QEMU answers.
 *
 * Source: Arm, "Semihosting for AArch32 and AArch64". Always inlined: the stack below the caller's frame
 * stays untouched, so that it shows only what the measured code has used.
 */
#ifndef HARNESS_SEMIHOSTING_H
#define HARNESS_SEMIHOSTING_H

#include <stdint.h>

#define SYS_OPEN 0x01
#define SYS_CLOSE 0x02
#define SYS_WRITE 0x05
#define SYS_READ 0x06
#define SYS_EXIT_EXTENDED 0x20
#define APPLICATION_EXIT 0x20026u

#define OPEN_READ_BINARY 1u
#define OPEN_WRITE_BINARY 5u

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

ALWAYS_INLINE int32_t semihosting(uint32_t operation, const uint32_t *arguments) {
    register uint32_t r0 __asm("r0") = operation;
    register const uint32_t *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

/* Returns the file's number, or -1. */
ALWAYS_INLINE int32_t semihosting_open(const char *name, uint32_t name_bytes, uint32_t mode) {
    const uint32_t arguments[3] = {(uint32_t)(uintptr_t)name, mode, name_bytes};
    return semihosting(SYS_OPEN, arguments);
}

ALWAYS_INLINE void semihosting_close(int32_t file) {
    const uint32_t arguments[1] = {(uint32_t)file};
    (void)semihosting(SYS_CLOSE, arguments);
}

/* Returns the bytes that could not be read or written: 0 when all went well. */
ALWAYS_INLINE int32_t semihosting_move(uint32_t operation, int32_t file, const void *bytes, uint32_t count) {
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)(uintptr_t)bytes, count};
    return semihosting(operation, arguments);
}

__attribute__((noreturn)) ALWAYS_INLINE void semihosting_exit(uint32_t status) {
    const uint32_t arguments[2] = {APPLICATION_EXIT, status};
    (void)semihosting(SYS_EXIT_EXTENDED, arguments);
    for (;;) { /* never reached: the simulator has ended */
    }
}

#endif
