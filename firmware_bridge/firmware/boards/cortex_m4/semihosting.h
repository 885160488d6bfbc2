/* Files of the computer that simulates or debugs the board. Without a debugger the first call would be a fault: only
 * for boards that always have one, such as QEMU's.
 *
 * Source: Arm, "Semihosting for AArch32 and AArch64". */
#ifndef MANDIBLE_SEMIHOSTING_H
#define MANDIBLE_SEMIHOSTING_H

#include <stdint.h>

#define SEMIHOSTING_OPEN 0x01u
#define SEMIHOSTING_CLOSE 0x02u
#define SEMIHOSTING_WRITE 0x05u
#define SEMIHOSTING_READ 0x06u
#define SEMIHOSTING_EXIT 0x20u
#define SEMIHOSTING_DONE 0x20026u /* the application ended by itself */

#define SEMIHOSTING_TO_READ 1u
#define SEMIHOSTING_TO_WRITE 5u

static inline int32_t semihosting(uint32_t operation, const uint32_t *arguments)
{
    register uint32_t r0 __asm("r0") = operation;
    register const uint32_t *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

/* Returns the file's number, or -1. length is that of the name. */
static inline int32_t semihosting_open(const char *name, uint32_t length, uint32_t mode)
{
    const uint32_t arguments[3] = {(uint32_t)name, mode, length};
    return semihosting(SEMIHOSTING_OPEN, arguments);
}

static inline void semihosting_close(int32_t file)
{
    const uint32_t arguments[1] = {(uint32_t)file};
    (void)semihosting(SEMIHOSTING_CLOSE, arguments);
}

/* Returns how many bytes could not be read. */
static inline uint32_t semihosting_read(int32_t file, void *bytes, uint32_t count)
{
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)bytes, count};
    return (uint32_t)semihosting(SEMIHOSTING_READ, arguments);
}

/* Returns how many bytes could not be written. */
static inline uint32_t semihosting_write(int32_t file, const void *bytes, uint32_t count)
{
    const uint32_t arguments[3] = {(uint32_t)file, (uint32_t)bytes, count};
    return (uint32_t)semihosting(SEMIHOSTING_WRITE, arguments);
}

static inline void semihosting_exit(uint32_t status)
{
    const uint32_t arguments[2] = {SEMIHOSTING_DONE, status};
    (void)semihosting(SEMIHOSTING_EXIT, arguments);
}

#endif
