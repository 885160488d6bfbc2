/* How long the chip goes on without a planned period. */
#ifndef MANDIBLE_WATCHDOG_H
#define MANDIBLE_WATCHDOG_H

#define WATCHDOG_MS 250u

#endif
