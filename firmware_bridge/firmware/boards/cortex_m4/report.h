/* Records of what a board without servo pins would do, on its second serial line: for tests and for looking on.
 *
 * 'R' u32 at_us, u8 byte: the core has taken this byte of the host's.
 * 'P' u32 planned_us, u32 start_us, u16 pulse_us[12]: these pulses were given, 0 for none.
 * A program adds its own. Integers are little-endian. */
#ifndef MANDIBLE_REPORT_H
#define MANDIBLE_REPORT_H

#include <stdint.h>

/* Adds bytes to the record; waits for the line where it must. Call with interrupts off, or from one of them. */
void report(const void *bytes, uint32_t count);

#endif
